import Checkpoints
public import Files
import Foundation
import Tensors

extension ZeroShotClassifier {
  private static let tensorName = "class_features"
  private static let classesKey = "classes"
  private static let templatesKey = "templates"
  private static let modelKey = "model"

  /// Writes a safetensors file: `class_features` (classes, embedding), and in its metadata `classes` and `templates` as
  /// JSON.
  ///
  /// - Parameter model: the ``Encoder/digest`` of the model it was made with.
  public func write(to path: String, model: Digest) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    func json(_ value: some Encodable) throws -> String { String(decoding: try encoder.encode(value), as: UTF8.self) }
    try SafetensorsWriter.write(
      [TensorSource(Self.tensorName, shape: [features.rows, features.columns], values: features.values)], to: path,
      metadata: [
        "format": "pt", Self.classesKey: try json(classes.classes), Self.templatesKey: try json(templates),
        Self.modelKey: "\(model)",
      ])
  }

  /// Reads what ``write(to:model:)`` wrote.
  ///
  /// - Parameters:
  ///   - dimension: numbers of the model's embeddings.
  ///   - model: the model's ``Encoder/digest``.
  /// - Throws: `FileError` for anything else, and for a classifier of another model.
  public init(contentsOf path: String, dimension: Int, model: Digest) throws {
    let file = try SafetensorsFile(path)
    guard let tensor = file.tensors.first(where: { $0.name == Self.tensorName }),
      let classes = Self.decoded([ZeroShotClass].self, file.metadata[Self.classesKey]),
      let templates = Self.decoded([String].self, file.metadata[Self.templatesKey])
    else {
      throw FileError(
        path,
        "is no classifier: expected a tensor \(Self.tensorName) and the names of the classes, as "
          + "--save-classifier writes them")
    }
    guard tensor.shape == [classes.count, tensor.shape.last ?? 0], !classes.isEmpty,
      classes.allSatisfy({ !$0.names.isEmpty })
    else {
      throw FileError(
        path,
        "has \(Self.tensorName) of shape \(tensor.shape), expected a row for each of "
          + "\(classes.count) classes")
    }
    guard tensor.shape[1] == dimension else {
      throw FileError(
        path,
        "has embeddings of \(tensor.shape[1]) numbers, expected \(dimension) as the model's: make the classifier with "
          + "the weights it is used with")
    }
    guard let maker = file.metadata[Self.modelKey], maker == "\(model)" else {
      throw FileError(
        path,
        "was made with another model (\(file.metadata[Self.modelKey] ?? "it does not say which")) than these weights "
          + "(\(model)): make the classifier with the weights it is used with")
    }
    let features = Tensor(try tensor.values(), columns: dimension)
    guard features.values.allSatisfy(\.isFinite) else { throw FileError(path, "has embeddings that are no numbers") }
    self.init(try ClassList(classes, source: path), features: features, templates: templates)
  }

  private static func decoded<Value: Decodable>(_ type: Value.Type, _ json: String?) -> Value? {
    json.flatMap { try? JSONDecoder().decode(type, from: Data($0.utf8)) }
  }
}
