import Checkpoints
import Foundation
import Tensors

extension LinearProbe {
  /// Writes a safetensors file: `weight` (classes, numbers) and `bias` (classes), and in its metadata `classes`, their
  /// labels as JSON, `features` and `C`. Of two classes the first one's row is zero.
  public func write(to path: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .withoutEscapingSlashes
    let weights = classifier.weights
    try SafetensorsWriter.write(
      [
        TensorSource("weight", shape: [weights.rows, weights.columns], values: weights.values),
        TensorSource("bias", shape: [weights.rows], values: classifier.biases),
      ], to: path,
      metadata: [
        "format": "pt", "classes": String(decoding: try encoder.encode(labels), as: UTF8.self),
        "features": report.features ?? "unknown", "C": "\(report.c)",
      ])
  }
}
