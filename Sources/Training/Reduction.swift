import Collectives
import Tensors
package import Towers

/// What becomes of the gradients between the ranks: each rank sums its slices, and the sums, or the values made from
/// them, are gathered.
///
/// All ranks end with the same numbers, sharded or not, in every run. Blocks that ranks share come and go while the
/// towers compute with them (``Towers/UnitExchange``); what is left of them to do here is the norm.
package final class Reduction {
  private let parameters: ParameterStore
  private let shard: Sharding
  private let exchange: SliceExchange
  /// Who sums what. The units are the same whatever is sharded, so that even the norm is the same to the last bit.
  private let partition: Partition
  /// Those of them that are trained.
  private let trained: [Range<Int>]

  /// The reduction of a model that was allocated for training, on all ranks.
  package init(of parameters: ParameterStore, _ shard: Sharding, by exchange: SliceExchange) {
    self.parameters = parameters
    self.shard = shard
    self.exchange = exchange
    partition = exchange.partition(of: parameters.stretches.map(\.elements))
    trained = parameters.stretches.filter { !$0.isLocked }.map(\.elements)
  }

  /// The moments this rank's optimizer needs: of its slices, or of everything.
  package func makeMoments() -> Moments {
    switch shard {
    case .none: Moments(partition.shared(among: 1), rank: 0)
    case .optimizer, .parameters: Moments(partition, rank: exchange.world.rank)
    }
  }

  /// Sums the gradients over the world. Where the optimizer is sharded, each rank has the sums of its slices only.
  ///
  /// - Returns: the norm of the whole gradient, the same on all ranks.
  package func sumGradients() throws -> Double {
    let world = exchange.world
    guard exchange.order == .ranks else { return try sumInCanonicalOrder() }
    guard world.size > 1 else {
      return parameters.trained.reduce(0) { $0 + sumOfSquares(parameters.gradients(of: $1)) }.squareRoot()
    }
    var squares = [Double](repeating: 0, count: world.size)
    if parameters.isShared {
      for stretch in parameters.stretches where !stretch.isShared && !stretch.isLocked {
        try exchange.sum(parameters.gradients(of: stretch.elements))
      }
      squares[world.rank] = exchange.sumOfSquares(trained) { parameters.gradients(of: $0) }
    } else {
      squares[world.rank] = try exchange.sum(parameters.gradients, trained)
      if shard == .none { try exchange.gatherSums(parameters.gradients, trained) }
    }
    // Every rank adds the same numbers in the same order; to the zeros of the others each is exact.
    try squares.withUnsafeMutableBufferPointer { try world.sum($0) }
    return squares.reduce(0, +).squareRoot()
  }

  /// The same, with a norm that is made of the squares of all grains: as many, in as fixed an order, whoever has them.
  private func sumInCanonicalOrder() throws -> Double {
    let world = exchange.world, grains = partition.grains
    if world.size > 1 {
      _ = try exchange.sum(parameters.gradients, trained)
      if shard == .none { try exchange.gatherSums(parameters.gradients, trained) }
    }
    var squares = [Double](repeating: 0, count: trained.count * grains)
    for (index, unit) in trained.enumerated() {
      for grain in partition.grains(of: world.rank) {
        let elements = partition.elements(ofGrain: grain, of: unit)
        squares[index * grains + grain] = sumOfSquares(parameters.gradients(of: elements))
      }
    }
    // To the zeros of the others each is added exactly.
    try squares.withUnsafeMutableBufferPointer { try world.sum($0) }
    return squares.reduce(0, +).squareRoot()
  }

  /// Brings all values to all ranks where each has updated its slices only, but for blocks that ranks share.
  package func gatherValues() throws {
    guard shard != .none, exchange.world.size > 1 else { return }
    guard parameters.isShared else { return try exchange.gather(parameters.values, trained) }
    for stretch in parameters.stretches where !stretch.isShared && !stretch.isLocked {
      try exchange.gather(parameters.values(of: stretch.elements))
    }
  }
}
