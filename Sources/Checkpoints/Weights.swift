import Files
public import Towers

/// The weights of a model on disk, whatever program wrote them, under our names; values are read when asked for.
public struct Weights: Sendable {
  /// The file they are in.
  public let path: String
  /// The model they belong to.
  public let configuration: ModelConfiguration
  /// The weights, under our names and in our shapes.
  public let tensors: [WeightTensor]
  /// The name of the vocabulary: `clip`, or the path of a file or directory; nil where none is known.
  public let vocabulary: String?
  /// What a picture goes through before the image tower.
  public let preprocessing: Preprocessing
  /// Whether nothing on disk tells the activation, so that what ``configuration`` says of it is an assumption.
  public let isActivationAssumed: Bool
  /// Lines to show: damaged checkpoints that were passed over, and what was taken for granted.
  public let warnings: [String]

  /// Finds the weights at `path` and how they are to be used.
  ///
  /// A configuration beside a file says what the model is; where there is none, its shapes do.
  ///
  /// - Parameter path: a run (its newest valid checkpoint), a checkpoint, a directory of open_clip or Transformers, or a
  ///   file: `.safetensors`, or PyTorch's `.pt`, `.pth` or `.bin`.
  public static func open(_ path: String) throws -> Weights {
    let place = try WeightsPlace(path)
    let besides = try ModelDescription(beside: place.file)
    let file = try WeightsFile(place.file)
    do {
      var tensors = OpenCLIPNames.normalized(file.tensors)
      let isOfTransformers = TransformersNames.areUsed(by: tensors)
      if isOfTransformers { tensors = try TransformersNames.imported(tensors) }
      let description =
        try besides
        ?? ModelDescription(
          of: place.file, by: tensors, usesQuickGELU: file.usesQuickGELU, isOfTransformers: isOfTransformers)
      return Weights(
        path: place.file, configuration: description.configuration, tensors: tensors,
        vocabulary: description.vocabulary, preprocessing: description.preprocessing,
        isActivationAssumed: besides == nil && file.usesQuickGELU == nil,
        warnings: place.warnings + [description.assumption].compactMap(\.self))
    } catch let error as WeightsError {
      throw FileError(place.file, error.description)
    }
  }

  /// The tensor of a name.
  public subscript(_ name: String) -> WeightTensor? { tensors.first { $0.name == name } }

  /// Checks that the file holds exactly the tensors a model expects; an error names those that are missing, left over
  /// or of another shape.
  public func check(against expected: [(name: String, shape: [Int])]) throws {
    let names = Set(expected.map(\.name))
    var problems: [String] = []
    var found: [String: [Int]] = [:]
    for tensor in tensors where found.updateValue(tensor.shape, forKey: tensor.name) != nil {
      problems.append("tensor \(tensor.name) is there twice, under two layouts' names")
    }
    for (name, shape) in expected {
      if let actual = found[name] {
        if actual != shape { problems.append("tensor \(name) has shape \(actual), expected \(shape)") }
      } else if !OpenCLIPNames.countsBatches(name) {
        problems.append("tensor \(name) is missing, expected with shape \(shape)")
      }
    }
    for tensor in tensors where !names.contains(tensor.name) {
      problems.append("tensor \(tensor.name) with shape \(tensor.shape) has no place in the model")
    }
    guard !problems.isEmpty else { return }
    let shown = problems.prefix(5).joined(separator: "; ")
    throw FileError(path, problems.count > 5 ? "\(shown); and \(problems.count - 5) more such" : shown)
  }
}
