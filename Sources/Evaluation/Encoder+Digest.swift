public import Files
import Tensors
import Towers
import Training

extension Encoder {
  /// What tells the model from others: two of the same digest give the same embeddings, whatever they are called and in
  /// whichever format they lie on disk.
  ///
  /// It covers the values of all weights, the shape and activation of both towers, the vocabulary and what pictures go
  /// through. The temperature of similarities and batch norm's counts of batches, the scalars, have no part in an
  /// embedding.
  ///
  /// - Precondition: this rank has all weights, as an encoder has that was loaded from disk.
  public var digest: Digest {
    precondition(!towers.parameters.isShared, "a digest of weights that are on several ranks")
    let model = towers.configuration, vision = model.vision, text = model.text
    var lines = [
      "embedding \(model.embedDim) \(model.quickGELU ? "quick_gelu" : "gelu") \(towers.precision.rawValue)",
      "vision \(vision.imageHeight) \(vision.imageWidth) \(vision.patchSize) \(vision.layers) \(vision.stages) "
        + "\(vision.width) \(vision.heads) \(vision.mlpWidth)",
      "text \(text.contextLength) \(text.vocabularySize) \(text.layers) \(text.width) \(text.heads) \(text.mlpWidth)",
    ]
    lines += reader.fingerprint
    lines += towers.parameters.parameters.filter { !$0.shape.isEmpty }.map { parameter in
      let digest = parameter.values.withFloats { Digest(of: UnsafeRawBufferPointer($0)) }
      return "\(parameter.name) \(parameter.shape) \(digest)"
    }
    .sorted()
    return Digest(of: Array(lines.joined(separator: "\n").utf8))
  }
}
