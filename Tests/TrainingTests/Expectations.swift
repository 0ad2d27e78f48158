import Tensors
import Testing

/// Expects ‖found − expected‖ ≤ tolerance · ‖expected‖.
func expectClose(
  _ found: Tensor, _ expected: [Float], _ tolerance: Double, _ what: String,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  let values = found.values
  #expect(values.count == expected.count, "\(what)", sourceLocation: sourceLocation)
  let difference = zip(values, expected).reduce(0.0) { $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1) }.squareRoot()
  let norm = expected.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
  #expect(
    difference <= tolerance * norm, "\(what): off by \(difference / norm) of its norm", sourceLocation: sourceLocation)
}
