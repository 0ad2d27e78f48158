public import Tensors

/// A classifier whose logits are `features · weightsᵀ + biases`.
public struct LinearClassifier: Sendable {
  /// (classes it knows, dimension).
  public let weights: Tensor
  /// One for each row.
  public let biases: [Float]
  /// The number of the class that each row is of, ascending.
  public let classes: [Int]

  /// A classifier of its parts.
  package init(weights: Tensor, biases: [Float], classes: [Int]) {
    precondition(weights.rows == classes.count && biases.count == classes.count, "\(weights.rows) rows")
    self.weights = weights
    self.biases = biases
    self.classes = classes
  }

  private static let block = 1024

  /// Calls `body` with the logits of every sample in order, one for each row.
  func forEachSample(of features: Tensor, _ body: (Int, UnsafeBufferPointer<Float>) -> Void) {
    let rows = classes.count, room = Tensor(rows: min(Self.block, features.rows), columns: rows)
    let biases = Tensor(biases, columns: rows)
    for first in stride(from: 0, to: features.rows, by: Self.block) {
      let samples = first..<min(first + Self.block, features.rows)
      let logits = room.rows(0..<samples.count)
      multiply(features.rows(samples), weights.transposed, into: logits, bias: biases)
      logits.withFloats { logits in
        for sample in 0..<samples.count {
          body(first + sample, UnsafeBufferPointer(rebasing: logits[sample * rows..<(sample + 1) * rows]))
        }
      }
    }
  }
}
