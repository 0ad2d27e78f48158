import Foundation
import Tensors

/// How a parameter's first values are drawn.
enum Initializer: Sendable {
  /// Every value the same.
  case constant(Float)
  /// The normal distribution with mean 0 and this deviation.
  case normal(Float)
  /// Uniform between −bound and bound.
  case uniform(Float)

  /// PyTorch's default for a linear or convolution weight and its bias: uniform within 1 / √inputs.
  static func fanIn(_ inputs: Int) -> Initializer { .uniform(1 / Float(inputs).squareRoot()) }

  /// Fills `values` with draws that depend on the generator alone.
  func fill(_ values: UnsafeMutableBufferPointer<Float>, _ generator: inout CounterGenerator) {
    switch self {
    case .constant(let value):
      values.update(repeating: value)
    case .uniform(let bound):
      for i in values.indices { values[i] = (2 * generator.uniform() - 1) * bound }
    case .normal(let deviation):
      // Box and Muller: two uniform numbers make two independent normal ones.
      for i in stride(from: 0, to: values.count, by: 2) {
        let radius = deviation * (-2 * log(1 - generator.uniform())).squareRoot()
        let angle = 2 * Float.pi * generator.uniform()
        values[i] = radius * cos(angle)
        if i + 1 < values.count { values[i + 1] = radius * sin(angle) }
      }
    }
  }
}
