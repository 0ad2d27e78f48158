package import Collectives
import Towers

/// Whose pictures a ModifiedResNet's batch norm takes the mean and the variance of, in training.
public enum BatchNormScope: String, Codable, Sendable, CaseIterable {
  /// Each rank its own micro-batch, as PyTorch does: results depend on `microBatch` and the number of ranks.
  case rank
  /// Those of all ranks together, the first micro-batch of each, then the second and so on: two small sums a norm more,
  /// each way. Results depend on `microBatch` times the number of ranks.
  case world
}

/// Adds batch norm's sums over all ranks.
package struct WorldStatistics: StatisticsExchange {
  private let world: any Communicator

  /// - Parameter world: all ranks.
  package init(in world: any Communicator) {
    self.world = world
  }

  package func sum(_ values: inout [Double]) throws {
    try values.withUnsafeMutableBufferPointer { try world.sum($0) }
  }
}
