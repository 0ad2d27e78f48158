import Checkpoints
import Files
import Foundation
import Tensors
import Towers

extension LabelledFeatures {
  private static let featuresName = "features"
  private static let labelsName = "labels"
  private static let classesKey = "classes"

  /// Writes a safetensors file: `features` (pictures, numbers), `labels` (pictures), and in its metadata `classes` as
  /// JSON and `features`, what they are.
  public func write(to path: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    var metadata = [
      "format": "pt", Self.classesKey: String(decoding: try encoder.encode(classes.classes), as: UTF8.self),
    ]
    metadata[Self.featuresName] = kind?.rawValue
    try SafetensorsWriter.write(
      [
        TensorSource(Self.featuresName, shape: [features.rows, features.columns], values: features.values),
        TensorSource(Self.labelsName, shape: [labels.count], values: labels.map { Float($0) }),
      ], to: path, metadata: metadata)
  }

  /// Reads what ``write(to:)`` wrote, or another program so: without names, classes are called by their numbers.
  ///
  /// - Throws: `FileError` for anything else.
  public init(contentsOf path: String) throws {
    let file = try SafetensorsFile(path)
    let features = try file.tensor(Self.featuresName), labels = try file.tensor(Self.labelsName)
    guard features.shape.count == 2, labels.shape == [features.shape[0]], features.count > 0 else {
      throw FileError(
        path,
        "has features of shape \(features.shape) and labels of shape \(labels.shape), expected (pictures, numbers) and "
          + "(pictures)")
    }
    let numbers = try labels.values()
    guard let most = numbers.max(), numbers.allSatisfy({ $0 >= 0 && $0 < 0x1p24 && $0 == $0.rounded() }) else {
      throw FileError(path, "has labels that are no numbers of classes, from 0 on")
    }
    let classes: [ZeroShotClass]
    if let json = file.metadata[Self.classesKey] {
      guard let known = try? JSONDecoder().decode([ZeroShotClass].self, from: Data(json.utf8)),
        known.allSatisfy({ !$0.names.isEmpty })
      else { throw FileError(path, "has metadata `classes` that are no classes, as --save-features writes them") }
      classes = known
    } else {
      classes = (0...Int(most)).map { ZeroShotClass(label: "\($0)") }
    }
    guard Int(most) < classes.count else {
      throw FileError(path, "has the label \(Int(most)), but only \(classes.count) classes, numbered from 0")
    }
    let rows = Tensor(try features.values(), columns: features.shape[1])
    guard sumOfSquares(rows).isFinite else { throw FileError(path, "has features that are no numbers") }
    self.init(
      path, file.metadata[Self.featuresName].flatMap { PictureFeatures(rawValue: $0) }, rows, numbers.map { Int($0) },
      try ClassList(classes, source: path))
  }
}
