package import Collectives
package import Tensors
import Towers

/// How ranks sum and gather a row of numbers of which each answers for one slice: everybody sends everybody its part of
/// their slices, each rank sums its own, and the sums, or the values made from them, are gathered.
///
/// Sums are taken in the order of ranks, or pairwise, whoever takes them, so that they are the same numbers in every run.
/// What is summed arrives in pieces that stay in the caches until they are added.
package final class SliceExchange: UnitExchange {
  /// All ranks.
  package let world: any Communicator
  /// In which order terms are added.
  package let order: ReductionSettings.Order
  private let wire: ReductionSettings.Wire
  /// How many each unit has at least, so that slices are made of them; see ``Partition``.
  private let grains: Int
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

  /// The exchange of all ranks of a world, where gradients travel and are added as the settings say.
  ///
  /// - Precondition: what is added in canonical order has not been rounded.
  package init(_ settings: ReductionSettings, in world: any Communicator) {
    precondition(settings.order == .ranks || settings.wire == .fp32, "canonical order, and bfloat16 on the wire")
    self.world = world
    order = settings.order
    wire = settings.wire
    grains = order == .canonical ? CanonicalOrder.grains : 1
    piece = max(Self.smallestPiece, min(Self.largestPiece(wire), Self.room / world.size))
    let columns = world.size > 1 ? 2 * piece * world.size : 0
    sending = Tensor(rows: 1, columns: wire == .bf16 ? columns : 0, .bfloat16)
    arrived = Tensor(rows: 1, columns: columns, wire == .bf16 ? .bfloat16 : .float32)
  }

  /// Who answers for what of some units.
  func partition(of units: [Range<Int>]) -> Partition { Partition(of: units, among: world.size, grains: grains) }

  /// This rank's slice of a row.
  package func slice(of count: Int) -> Range<Int> {
    Partition.slice(of: 0..<count, rank: world.rank, among: world.size, grains: grains)
  }

  /// Sums gradients (1, count) over the ranks: this rank's slice holds sums afterwards, the rest is as it was.
  package func sum(_ gradients: Tensor) throws { _ = try sum(gradients, [0..<gradients.count]) }

  /// Brings every rank's slice of values (1, count) to all others.
  package func gather(_ values: Tensor) throws { try gather(values, [0..<values.count]) }

  // MARK: - Units of a row, of each of which every rank has a slice

  /// Sums the units of some gradients over the ranks; this rank's slices hold sums afterwards, the rest is as it was.
  ///
  /// - Returns: of each unit, the sum of the squares of this rank's sums.
  func sum(_ gradients: Tensor, _ units: [Range<Int>]) throws -> [Double] {
    let parts = units.map { pieces(of: [$0]) }, all = parts.flatMap { $0 }
    let squares =
      switch wire {
      case .fp32: try sumFloats(gradients, all)
      case .bf16: try sumNarrowed(gradients, all)
      }
    var first = 0
    return parts.map { pieces in
      defer { first += pieces.count }
      return squares[first..<first + pieces.count].reduce(0, +)
    }
  }

  /// Sums numbers (1, count) over the ranks, of which each answers for an equal part: this rank's holds sums afterwards,
  /// the rest is as it was.
  ///
  /// - Precondition: single precision is on the wire.
  /// - Returns: this rank's part.
  func sumParts(_ numbers: Tensor) throws -> Tensor {
    let length = numbers.count / world.size
    precondition(length * world.size == numbers.count, "\(numbers.count) numbers of \(world.size) ranks")
    let parts = (0..<world.size).map { $0 * length..<($0 + 1) * length }
    if world.size > 1 { _ = try sumFloats(numbers, pieces(ofSlices: parts)) }
    return numbers.columns(parts[world.rank])
  }

  /// The same sum of squares, to the last bit, of a unit that was summed before.
  ///
  /// - Parameter gradients: those of elements of this rank's slice.
  func sumOfSquares(_ unit: Range<Int>, of gradients: (Range<Int>) -> Tensor) -> Double {
    pieces(of: [unit]).reduce(0) { $0 + Tensors.sumOfSquares(gradients($1[world.rank])) }
  }

  /// Brings every rank's slices of values to all others.
  func gather(_ values: Tensor, _ units: [Range<Int>]) throws {
    try world.exchange(values, into: values, pieces: units.count, outgoingStays: true) { index in
      let slices = slices(of: units[index])
      return (slices.map { _ in slices[world.rank] }, slices)
    }
  }

  /// The same with gradients that ``sum(_:_:)`` has summed: they travel as their parts did, and lose nothing by it.
  func gatherSums(_ gradients: Tensor, _ units: [Range<Int>]) throws {
    switch wire {
    case .fp32: try gather(gradients, units)
    case .bf16: try gatherNarrowed(gradients, pieces(of: units))
    }
  }

  private func slices(of unit: Range<Int>) -> [Range<Int>] {
    (0..<world.size).map { Partition.slice(of: unit, rank: $0, among: world.size, grains: grains) }
  }

  // MARK: - Pieces: which elements of each rank's slices there are in each

  private func pieces(of units: [Range<Int>]) -> [[Range<Int>]] {
    units.flatMap { pieces(ofSlices: slices(of: $0)) }
  }

  private func pieces(ofSlices slices: [Range<Int>]) -> [[Range<Int>]] {
    stride(from: 0, to: slices[0].count, by: piece).map { first in
      slices.map { slice in
        let lower = min(slice.lowerBound + first, slice.upperBound)
        return lower..<min(lower + piece, slice.upperBound)
      }
    }
  }

  /// Where parts of piece `index` of these lengths are in `sending` or `arrived`.
  private func places(_ index: Int, _ counts: [Int]) -> [Range<Int>] {
    counts.enumerated().map { rank, count in
      let first = (index % 2 * world.size + rank) * piece
      return first..<first + count
    }
  }

  /// - Returns: of each piece, the sum of the squares of this rank's sums.
  private func sumFloats(_ gradients: Tensor, _ pieces: [[Range<Int>]]) throws -> [Double] {
    let rank = world.rank
    var squares = [Double](repeating: 0, count: pieces.count)
    func arriving(_ index: Int) -> [Range<Int>] { places(index, pieces[index].map { _ in pieces[index][rank].count }) }
    try world.exchange(gradients, into: arrived, pieces: pieces.count, outgoingStays: true) { index in
      (pieces[index], arriving(index))
    } arrived: { index in
      let own = gradients.columns(pieces[index][rank])
      var terms = arriving(index).map { arrived.columns($0) }
      terms[rank] = own
      switch order {
      case .ranks: Tensors.sum(terms, into: own)
      // Neighbours of any distance change places, which changes no sum of two: so this rank's term comes first.
      case .canonical: PairwiseSum.sum(world.size) { add(terms[rank ^ $0], to: terms[rank ^ $1]) }
      }
      squares[index] = Tensors.sumOfSquares(own)
    }
    return squares
  }

  /// The same, where parts and sums are rounded.
  private func sumNarrowed(_ gradients: Tensor, _ pieces: [[Range<Int>]]) throws -> [Double] {
    let rank = world.rank
    var squares = [Double](repeating: 0, count: pieces.count)
    func arriving(_ index: Int) -> [Range<Int>] { places(index, pieces[index].map { _ in pieces[index][rank].count }) }
    try world.exchange(sending, into: arrived, pieces: pieces.count, outgoingStays: false) { index in
      let outgoing = places(index, pieces[index].map(\.count))
      for (part, place) in zip(pieces[index], outgoing) {
        narrow(gradients.columns(part), into: sending.columns(place))
      }
      return (outgoing, arriving(index))
    } arrived: { index in
      let own = gradients.columns(pieces[index][rank])
      var terms = arriving(index).map { arrived.columns($0) }
      terms[rank] = sending.columns(arriving(index)[rank])
      Tensors.sum(terms, into: own)
      squares[index] = Tensors.sumOfSquares(own)
    }
    return squares
  }

  /// Gathers sums of narrowed gradients, which are exact in bfloat16: what the others get is what this rank has.
  private func gatherNarrowed(_ gradients: Tensor, _ pieces: [[Range<Int>]]) throws {
    let rank = world.rank
    func arriving(_ index: Int) -> [Range<Int>] { places(index, pieces[index].map(\.count)) }
    try world.exchange(sending, into: arrived, pieces: pieces.count, outgoingStays: false) { index in
      let incoming = arriving(index)
      narrow(gradients.columns(pieces[index][rank]), into: sending.columns(incoming[rank]))
      return (incoming.map { _ in incoming[rank] }, incoming)
    } arrived: { index in
      for (other, place) in arriving(index).enumerated() where other != rank {
        widen(arrived.columns(place), into: gradients.columns(pieces[index][other]))
      }
    }
  }
}
