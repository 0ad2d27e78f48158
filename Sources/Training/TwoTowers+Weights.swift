public import Checkpoints
public import Images
import Tensors
public import Towers

extension TwoTowers {
  /// Takes over weights from disk; every tensor must be there, and no other.
  public func load(_ weights: Weights) throws {
    try weights.check(against: parameters.parameters.map { ($0.name, $0.shape) })
    for parameter in parameters.parameters {
      guard let tensor = weights[parameter.name] else { continue }
      try parameters.set(parameter) { _ = $0.update(fromContentsOf: try tensor.values()) }
    }
  }
}

extension Preprocessing {
  /// The same numbers, as pictures are normalised by.
  public var normalization: Normalization {
    Normalization(mean: SIMD3(mean.map { Float($0) }), deviation: SIMD3(std.map { Float($0) }))
  }
}
