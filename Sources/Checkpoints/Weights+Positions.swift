public import Towers

extension Weights {
  /// These weights for a model that differs in the size of its pictures or the length of its texts alone: position tables
  /// of another size are interpolated, as open_clip does.
  ///
  /// Everything else stays as it is, for ``check(against:)`` to name what does not fit.
  ///
  /// - Returns: the weights, and a line to show for each table that is interpolated.
  public func fittingPositions(to model: ModelConfiguration) -> (weights: Weights, changes: [String]) {
    let shapes = Dictionary(
      TwoTowers.parameterShapes(of: model).map { ($0.name, $0.shape) }, uniquingKeysWith: { first, _ in first })
    var fitted = configuration
    var changes: [String] = []
    let tensors = tensors.map { tensor -> WeightTensor in
      guard let shape = shapes[tensor.name], shape.count == 2, tensor.shape.count == 2, tensor.shape[0] > 0,
        tensor.shape[1] == shape[1]
      else { return tensor }
      let width = shape[1]
      switch tensor.name {
      case Self.picturePositions, Self.poolPositions:
        let old = PositionGrid(of: configuration.vision), new = PositionGrid(of: model.vision)
        guard tensor.shape[0] == configuration.vision.tokens, old != new else { return tensor }
        (fitted.vision.imageHeight, fitted.vision.imageWidth) = (model.vision.imageHeight, model.vision.imageWidth)
        changes.append("\(tensor.name): interpolated from \(old) positions to \(new), the first row kept")
        return WeightTensor(tensor.name, shape: shape) {
          PositionTable(try tensor.values(), width: width).fitted(from: old, to: new)
        }
      case Self.textPositions:
        let old = tensor.shape[0], new = shape[0]
        guard old != new else { return tensor }
        fitted.text.contextLength = new
        changes.append("\(tensor.name): interpolated from \(old) positions to \(new)")
        return WeightTensor(tensor.name, shape: shape) {
          PositionTable(try tensor.values(), width: width).fitted(toLength: new)
        }
      default: return tensor
      }
    }
    let weights = Weights(
      path: path, configuration: fitted, tensors: tensors, vocabulary: vocabulary, preprocessing: preprocessing,
      isActivationAssumed: isActivationAssumed, warnings: warnings)
    return (weights, changes)
  }

  private static let picturePositions = "visual.positional_embedding"
  private static let poolPositions = "visual.attnpool.positional_embedding"
  private static let textPositions = "positional_embedding"
}
