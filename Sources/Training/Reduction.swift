import Collectives
package import Tensors
package import Towers

/// What becomes of the gradients between the ranks: each rank sums its slices, and the sums, or the values made from
/// them, are gathered.
///
/// All ranks end with the same numbers, sharded or not, in every run. Blocks that ranks share come and go while the
/// towers compute with them (``Towers/UnitExchange``); what is left of them to do here is the norm. It is added up stretch
/// by stretch, in their order, whenever they are summed.
package final class Reduction {
  private let parameters: ParameterStore
  private let shard: Sharding
  private let exchange: SliceExchange
  /// Who sums what. The units are the same whatever is sharded, so that even the norm is the same to the last bit.
  private let partition: Partition
  /// Those of them that are trained.
  private let trained: [Stretch]
  /// Of each of these, the sum of the squares of this rank's sums, once it is summed in the step at hand.
  private var squares: [Double?]

  /// The reduction of a model that was allocated for training, on all ranks.
  package init(of parameters: ParameterStore, _ shard: Sharding, by exchange: SliceExchange) {
    self.parameters = parameters
    self.shard = shard
    self.exchange = exchange
    partition = exchange.partition(of: parameters.stretches.map(\.elements))
    trained = parameters.stretches.filter { !$0.isLocked }
    squares = trained.map { _ in nil }
  }

  /// The moments this rank's optimizer needs: of its slices, or of everything.
  package func makeMoments() -> Moments {
    switch shard {
    case .none: Moments(partition.shared(among: 1), rank: 0)
    case .optimizer, .parameters: Moments(partition, rank: exchange.world.rank)
    }
  }

  /// Sums the gradients of a unit (1, count) over the world, ahead of ``sumGradients()``. Where the optimizer is sharded, each
  /// rank has the sums of its slice only.
  package func sum(_ gradients: Tensor, of unit: Range<Int>) throws {
    guard let index = trained.firstIndex(where: { $0.elements == unit }) else {
      preconditionFailure("elements \(unit) are no unit that is trained")
    }
    squares[index] = try sum(gradients)
  }

  /// Whether nothing that was summed so far in this step is infinite or no number, of what this rank knows.
  package var isFinite: Bool { squares.allSatisfy { $0?.isFinite ?? true } }

  /// Sums the gradients over the world that were not summed before. Where the optimizer is sharded, each rank has the sums
  /// of its slices only.
  ///
  /// - Returns: the norm of the whole gradient, the same on all ranks.
  package func sumGradients() throws -> Double {
    let world = exchange.world
    guard exchange.order == .ranks else { return try sumInCanonicalOrder() }
    if world.size > 1, !parameters.isShared, !parameters.passesUnits {
      // All at once: while one is summed the next is on its way.
      let units = trained.map(\.elements)
      squares = try exchange.sum(parameters.gradients, units)
      if shard == .none { try exchange.gatherSums(parameters.gradients, units) }
    }
    for (index, stretch) in trained.enumerated() where squares[index] == nil {
      squares[index] =
        stretch.isShared
        ? exchange.sumOfSquares(stretch.elements) { parameters.gradients(of: $0) }
        : try sum(parameters.gradients(of: stretch.elements))
    }
    defer { squares = trained.map { _ in nil } }
    var sums = [Double](repeating: 0, count: world.size)
    sums[world.rank] = squares.reduce(0) { $0 + ($1 ?? 0) }
    // Every rank adds the same numbers in the same order; to the zeros of the others each is exact.
    try sums.withUnsafeMutableBufferPointer { try world.sum($0) }
    return sums.reduce(0, +).squareRoot()
  }

  /// Sums a row of gradients (1, count) over the world.
  ///
  /// - Returns: the sum of the squares of this rank's sums.
  private func sum(_ gradients: Tensor) throws -> Double {
    guard exchange.world.size > 1 else { return sumOfSquares(gradients) }
    let whole = [0..<gradients.count]
    let squares = try exchange.sum(gradients, whole)
    if shard == .none { try exchange.gatherSums(gradients, whole) }
    return squares[0]
  }

  /// The same, with a norm that is made of the squares of all grains: as many, in as fixed an order, whoever has them.
  private func sumInCanonicalOrder() throws -> Double {
    let world = exchange.world, grains = partition.grains, units = trained.map(\.elements)
    if world.size > 1 {
      _ = try exchange.sum(parameters.gradients, units)
      if shard == .none { try exchange.gatherSums(parameters.gradients, units) }
    }
    var squares = [Double](repeating: 0, count: units.count * grains)
    for (index, unit) in units.enumerated() {
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
    guard parameters.isShared else { return try exchange.gather(parameters.values, trained.map(\.elements)) }
    for stretch in trained where !stretch.isShared { try exchange.gather(parameters.values(of: stretch.elements)) }
  }
}
