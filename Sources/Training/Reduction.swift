package import Collectives
import Tensors
package import Towers

/// What becomes of the gradients between the ranks: everybody sends everybody its part of their slices, each rank sums
/// its own, and the sums, or the values made from them, are gathered.
///
/// Sums are taken in the order of ranks, whoever takes them: all ranks end with the same numbers, sharded or not, in
/// every run. What is summed arrives in pieces that stay in the caches until they are added.
package final class Reduction {
  private let parameters: ParameterStore
  private let wire: ReductionSettings.Wire
  private let shard: Sharding
  private let world: any Communicator
  /// Who sums what.
  private let partition: Partition
  /// Columns of a piece of one rank.
  private let piece: Int
  /// Two pieces for each rank, one on its way and one to work on: what was narrowed to be sent, and what has arrived.
  private let sending: Tensor
  private let arrived: Tensor

  // Measured, two ranks: with 151 M gradients in shared memory, single precision takes 121 ms in pieces of half a MiB and
  // 135 ms in pieces of 4 MiB, and it makes no difference to a cable of 1 Gbit/s. bfloat16 is for such cables: 54 M
  // gradients take 1.7 s in pieces of 2 MiB, 2.4 s in pieces of 256 KiB. Many ranks have smaller pieces, so that the room
  // for them does not grow.
  private static func largestPiece(_ wire: ReductionSettings.Wire) -> Int {
    switch wire {
    case .fp32: 1 << 17
    case .bf16: 1 << 20
    }
  }
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
    piece = max(Self.smallestPiece, min(Self.largestPiece(wire), Self.room / world.size))
    let columns = world.size > 1 ? 2 * piece * world.size : 0
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
    for unit in partition.units {
      let slices = slices(of: unit)
      switch wire {
      case .fp32: try sum(slices, addingSquaresTo: &squares[world.rank])
      case .bf16: try sumNarrowed(slices, addingSquaresTo: &squares[world.rank])
      }
      guard shard == .none else { continue }
      switch wire {
      case .fp32: try gather(parameters.gradients, slices)
      case .bf16: try gatherNarrowed(slices)
      }
    }
    // Every rank adds the same numbers in the same order; to the zeros of the others each is exact.
    try squares.withUnsafeMutableBufferPointer { try world.sum($0) }
    return squares.reduce(0, +).squareRoot()
  }

  /// Brings all values to all ranks where each has updated its slices only.
  package func gatherValues() throws {
    guard shard == .optimizer, world.size > 1 else { return }
    for unit in partition.units { try gather(parameters.values, slices(of: unit)) }
  }

  private func slices(of unit: Range<Int>) -> [Range<Int>] {
    (0..<world.size).map { partition.slice(of: unit, rank: $0) }
  }

  // MARK: - One unit, whose slices are `slices`

  private func pieces(of slices: [Range<Int>]) -> Int { (slices[0].count + piece - 1) / piece }

  /// The elements of piece `index` of a slice; none beyond its end.
  private func elements(_ slice: Range<Int>, _ index: Int) -> Range<Int> {
    let lower = min(slice.lowerBound + index * piece, slice.upperBound)
    return lower..<min(lower + piece, slice.upperBound)
  }

  /// Where piece `index` of each rank, of these lengths, is in `sending` or `arrived`.
  private func places(_ index: Int, _ counts: [Int]) -> [Range<Int>] {
    counts.enumerated().map { rank, count in
      let first = (index % 2 * world.size + rank) * piece
      return first..<first + count
    }
  }

  private func sum(_ slices: [Range<Int>], addingSquaresTo squares: inout Double) throws {
    let gradients = parameters.gradients, rank = world.rank
    func arriving(_ index: Int) -> [Range<Int>] {
      places(index, slices.map { _ in elements(slices[rank], index).count })
    }
    try world.exchange(gradients, into: arrived, pieces: pieces(of: slices)) { index in
      (slices.map { elements($0, index) }, arriving(index))
    } arrived: { index in
      let own = gradients.columns(elements(slices[rank], index))
      var terms = arriving(index).map { arrived.columns($0) }
      terms[rank] = own
      Tensors.sum(terms, into: own)
      squares += sumOfSquares(own)
    }
  }

  private func sumNarrowed(_ slices: [Range<Int>], addingSquaresTo squares: inout Double) throws {
    let gradients = parameters.gradients, rank = world.rank
    func arriving(_ index: Int) -> [Range<Int>] {
      places(index, slices.map { _ in elements(slices[rank], index).count })
    }
    try world.exchange(sending, into: arrived, pieces: pieces(of: slices)) { index in
      let parts = slices.map { elements($0, index) }
      let outgoing = places(index, parts.map(\.count))
      for (part, place) in zip(parts, outgoing) { narrow(gradients.columns(part), into: sending.columns(place)) }
      return (outgoing, arriving(index))
    } arrived: { index in
      let own = gradients.columns(elements(slices[rank], index))
      var terms = arriving(index).map { arrived.columns($0) }
      terms[rank] = sending.columns(arriving(index)[rank])
      Tensors.sum(terms, into: own)
      squares += sumOfSquares(own)
    }
  }

  /// Copies every rank's own slice of a block to all others.
  private func gather(_ block: Tensor, _ slices: [Range<Int>]) throws {
    try world.exchange(block, into: block) { _ in (slices.map { _ in slices[world.rank] }, slices) }
  }

  /// The same with gradients that are sums of narrowed ones, and so are exact in bfloat16: what the others get is what
  /// this rank has.
  private func gatherNarrowed(_ slices: [Range<Int>]) throws {
    let gradients = parameters.gradients, rank = world.rank
    func arriving(_ index: Int) -> [Range<Int>] { places(index, slices.map { elements($0, index).count }) }
    try world.exchange(sending, into: arrived, pieces: pieces(of: slices)) { index in
      let incoming = arriving(index)
      narrow(gradients.columns(elements(slices[rank], index)), into: sending.columns(incoming[rank]))
      return (incoming.map { _ in incoming[rank] }, incoming)
    } arrived: { index in
      for (other, place) in arriving(index).enumerated() where other != rank {
        widen(arrived.columns(place), into: gradients.columns(elements(slices[other], index)))
      }
    }
  }
}
