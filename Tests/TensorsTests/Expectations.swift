import Tensors
import Testing

/// Expects ‖found − expected‖ ≤ tolerance · ‖expected‖.
func expectClose(
  _ found: Tensor, _ expected: Reference.Matrix, _ tolerance: Double, sourceLocation: SourceLocation = #_sourceLocation
) {
  let values = found.values.map { Double($0) }, numbers = expected.flatMap { $0 }
  #expect(values.count == numbers.count, sourceLocation: sourceLocation)
  let difference = zip(values, numbers).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
  let norm = numbers.reduce(0) { $0 + $1 * $1 }.squareRoot()
  #expect(difference <= tolerance * norm, "off by \(difference / norm)", sourceLocation: sourceLocation)
}

extension Tensor {
  /// A bfloat16 copy.
  var narrowed: Tensor {
    let copy = Tensor(rows: rows, columns: columns, .bfloat16)
    narrow(self, into: copy)
    return copy
  }

  /// A single-precision copy.
  var single: Tensor { Tensor(values, columns: columns) }
}
