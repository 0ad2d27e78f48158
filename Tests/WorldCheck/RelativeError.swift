import Foundation

/// ‖found − expected‖ / ‖expected‖; ‖found‖ where nothing is expected.
func relativeError(_ found: [Float], _ expected: [Float]) -> Double {
  let difference = zip(found, expected).reduce(0) { $0 + pow(Double($1.0 - $1.1), 2) }.squareRoot()
  let norm = expected.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
  return norm == 0 ? difference : difference / norm
}
