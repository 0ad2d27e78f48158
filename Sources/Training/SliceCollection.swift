import Collectives
import Tensors
import Towers

/// Values and moments of all ranks on the first, a bounded part at a time.
struct SliceCollection {
  private let parameters: ParameterStore
  private let moments: Moments
  private let world: any Communicator
  /// Elements that are brought to the first rank at once.
  private static let most = 1 << 22

  /// What there is to collect.
  enum Kind: Int {
    case values, firstMoments, secondMoments
  }

  /// The values and moments of a model that ranks train together.
  init(of parameters: ParameterStore, _ moments: Moments, in world: any Communicator) {
    self.parameters = parameters
    self.moments = moments
    self.world = world
  }

  /// Runs `body` on the first rank, which may then call ``lend(_:_:to:)``; the others hand over what it asks for.
  func collect(_ body: () throws -> Void) throws {
    guard world.isFirst else {
      while world.size > 1, let (kind, elements) = try announce(nil) { try bring(elements, kind) }
      return
    }
    // The others must learn that nothing more is wanted, whatever happened.
    let result = Result { try body() }
    if world.size > 1 { _ = try announce(nil) }
    try result.get()
  }

  /// Lends the numbers of `elements` of all ranks, part by part; only on the first rank, within ``collect(_:)``.
  func lend(_ elements: Range<Int>, _ kind: Kind, to body: (UnsafeRawBufferPointer) throws -> Void) throws {
    if let all = own(elements, kind) {
      return try all.withFloats { try body(UnsafeRawBufferPointer($0)) }
    }
    for lower in stride(from: elements.lowerBound, to: elements.upperBound, by: Self.most) {
      let part = lower..<min(lower + Self.most, elements.upperBound)
      _ = try announce((kind, part))
      try bring(part, kind).withFloats { try body(UnsafeRawBufferPointer($0)) }
    }
  }

  /// The numbers of elements this rank keeps, as one row; nil where it does not keep all of them.
  private func own(_ elements: Range<Int>, _ kind: Kind) -> Tensor? {
    func own(_ moment: Moments.Kind) -> Tensor? {
      let slices = moments.slices(in: elements)
      return slices.first?.elements == elements ? moments.block(moment).columns(slices[0].place) : nil
    }
    return switch kind {
    case .values: parameters.keeps(elements) ? parameters.values(of: elements) : nil
    case .firstMoments: own(.first)
    case .secondMoments: own(.second)
    }
  }

  /// Tells all ranks what the first one wants next: nothing more where it says nil.
  private func announce(
    _ wanted: (kind: Kind, elements: Range<Int>)?
  ) throws -> (kind: Kind, elements: Range<Int>)? {
    var words = [wanted?.kind.rawValue ?? -1, wanted?.elements.lowerBound ?? 0, wanted?.elements.upperBound ?? 0]
    try words.withUnsafeMutableBytes { try world.broadcast($0) }
    return Kind(rawValue: words[0]).map { ($0, words[1]..<words[2]) }
  }

  /// Brings elements of all ranks to the first, where the result holds them.
  @discardableResult
  private func bring(_ elements: Range<Int>, _ kind: Kind) throws -> Tensor {
    let partition = moments.partition
    let whole = Tensor(rows: 1, columns: world.isFirst ? elements.count : 0)
    let nothing = [Range<Int>](repeating: 0..<0, count: world.size)
    for unit in partition.units where unit.overlaps(elements) {
      let wanted = unit.clamped(to: elements)
      func slice(of rank: Int) -> Range<Int> { partition.slice(of: unit, rank: rank).clamped(to: wanted) }
      let mine = slice(of: world.rank)
      let own = mine.isEmpty ? Tensor(rows: 1, columns: 0) : own(mine, kind)
      guard let own else { preconditionFailure("rank \(world.rank) does not keep its slice \(mine)") }
      var columns = (outgoing: nothing, incoming: nothing)
      if world.isFirst {
        columns.incoming = (0..<world.size).map { rank in
          let slice = slice(of: rank), first = slice.lowerBound - elements.lowerBound
          return slice.isEmpty ? 0..<0 : first..<first + slice.count
        }
        copy(own, into: whole.columns(columns.incoming[0]))
      } else {
        columns.outgoing[0] = 0..<own.columns
      }
      try world.exchange(own, into: whole, { _ in columns })
    }
    return whole
  }
}
