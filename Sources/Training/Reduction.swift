package import Collectives
import Tensors
package import Towers

/// What becomes of the gradients between the ranks: everybody sends everybody its part of their slices, each rank sums
/// its own, and the sums, or the values made from them, are gathered.
///
/// Sums are taken in the order of ranks, whoever takes them: all ranks end with the same numbers, sharded or not, in
/// every run. Slices travel in pieces that stay in the caches between arriving, being added and being sent on.
package final class Reduction {
  private let parameters: ParameterStore
  private let wire: ReductionSettings.Wire
  private let shard: Sharding
  private let world: any Communicator
  /// Who sums what.
  private let partition: Partition
  /// Columns of a piece of one rank.
  private let piece: Int
  /// A piece for each rank: what was narrowed to be sent, and what has arrived.
  private let sending: Tensor
  private let arrived: Tensor

  // Measured on two ranks that share memory: 72 ms for the sums of 151 M gradients in pieces of half a MiB, 88 ms in
  // pieces of 64 KiB, 106 ms in pieces of 4 MiB. With many ranks the pieces get smaller, so that the room does not grow.
  private static let largestPiece = 1 << 17
  private static let smallestPiece = 1 << 14
  private static let room = 1 << 22

  /// The reduction of a model that was allocated for training, on all ranks of a world.
  package init(
    of parameters: ParameterStore, _ settings: ReductionSettings, _ shard: Sharding, in world: any Communicator
  ) {
    self.parameters = parameters
    self.shard = shard
    self.world = world
    wire = settings.wire
    partition = Partition(of: [0..<parameters.count], among: world.size)
    piece = max(Self.smallestPiece, min(Self.largestPiece, Self.room / world.size))
    let columns = world.size > 1 ? piece * world.size : 0
    sending = Tensor(rows: 1, columns: wire == .bf16 ? columns : 0, .bfloat16)
    arrived = Tensor(rows: 1, columns: columns, wire == .bf16 ? .bfloat16 : .float32)
  }

  /// The moments this rank's optimizer needs: of its slices, or of everything.
  package func makeMoments() -> Moments {
    switch shard {
    case .none: Moments(Partition(of: partition.units, among: 1), rank: 0)
    case .optimizer: Moments(partition, rank: world.rank)
    }
  }

  /// Sums the gradients over the world. Where the optimizer is sharded, each rank has the sums of its slices only.
  ///
  /// - Returns: the norm of the whole gradient, the same on all ranks.
  package func sumGradients() throws -> Double {
    guard world.size > 1 else { return sumOfSquares(parameters.gradients).squareRoot() }
    var squares = [Double](repeating: 0, count: world.size)
    try forEachPiece { parts in
      switch wire {
      case .fp32: try sumInSinglePrecision(parts)
      case .bf16: try sumNarrowed(parts)
      }
      squares[world.rank] += sumOfSquares(parameters.gradients.columns(parts[world.rank]))
    }
    // Every rank adds the same numbers in the same order; to the zeros of the others each is exact.
    try squares.withUnsafeMutableBufferPointer { try world.sum($0) }
    return squares.reduce(0, +).squareRoot()
  }

  /// Brings all values to all ranks where each has updated its slices only.
  package func gatherValues() throws {
    guard shard == .optimizer, world.size > 1 else { return }
    try forEachPiece { try gather(parameters.values, $0) }
  }

  /// Calls `body` with the elements of one piece of every rank's slice, until all pieces of all slices have been there.
  private func forEachPiece(_ body: ([Range<Int>]) throws -> Void) rethrows {
    for unit in partition.units {
      let slices = (0..<world.size).map { partition.slice(of: unit, rank: $0) }
      for start in stride(from: 0, to: slices[0].count, by: piece) {
        try body(
          slices.map { slice in
            let lower = min(slice.lowerBound + start, slice.upperBound)
            return lower..<min(lower + piece, slice.upperBound)
          })
      }
    }
  }

  /// Where the piece of rank r is in `sending` and `arrived`, if it has `count` columns.
  private func place(of rank: Int, _ count: Int) -> Range<Int> { rank * piece..<rank * piece + count }

  private func sumInSinglePrecision(_ parts: [Range<Int>]) throws {
    let gradients = parameters.gradients, own = parts[world.rank]
    let places = parts.indices.map { place(of: $0, own.count) }
    try world.exchange(gradients, parts, into: arrived, places)
    let sums = gradients.columns(own)
    sum(parts.indices.map { $0 == world.rank ? sums : arrived.columns(places[$0]) }, into: sums)
    if shard == .none { try gather(gradients, parts) }
  }

  private func sumNarrowed(_ parts: [Range<Int>]) throws {
    let gradients = parameters.gradients, own = parts[world.rank]
    let places = parts.indices.map { place(of: $0, parts[$0].count) }
    for (part, place) in zip(parts, places) { narrow(gradients.columns(part), into: sending.columns(place)) }
    let ownPlaces = parts.indices.map { place(of: $0, own.count) }
    try world.exchange(sending, places, into: arrived, ownPlaces)
    let terms = parts.indices.map { ($0 == world.rank ? sending : arrived).columns(ownPlaces[$0]) }
    sum(terms, into: gradients.columns(own))
    guard shard == .none else { return }
    // The sums are rounded already: what the others get is what this rank has.
    let sums = places[world.rank]
    narrow(gradients.columns(own), into: sending.columns(sums))
    try world.exchange(sending, parts.map { _ in sums }, into: arrived, places)
    for (rank, part) in parts.enumerated() where rank != world.rank {
      widen(arrived.columns(places[rank]), into: gradients.columns(part))
    }
  }

  /// Copies every rank's own part of a block to all others.
  private func gather(_ block: Tensor, _ parts: [Range<Int>]) throws {
    try world.exchange(block, parts.map { _ in parts[world.rank] }, into: block, parts)
  }
}
