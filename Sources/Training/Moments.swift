import Collectives
package import Tensors

/// What AdamW keeps of earlier gradients, for the slices of one rank.
package struct Moments {
  /// The first moments, the slices one behind the other as one row.
  package let first: Tensor
  /// The second moments, likewise.
  package let second: Tensor
  private let partition: Partition
  private let rank: Int

  /// Which of the two.
  enum Kind: Int {
    case first, second
  }

  /// Zeros for a rank's slices.
  init(_ partition: Partition, rank: Int) {
    self.partition = partition
    self.rank = rank
    let count = partition.slices(of: rank).reduce(0) { $0 + $1.elements.count }
    first = Tensor(rows: 1, columns: count)
    second = Tensor(rows: 1, columns: count)
  }

  /// Bytes both take on this rank.
  package var byteCount: Int { (first.count + second.count) * first.elementType.size }

  /// What of these elements this rank keeps, and where.
  package func slices(in elements: Range<Int>) -> [Partition.Slice] { partition.slices(of: rank, in: elements) }

  private func block(_ kind: Kind) -> Tensor {
    switch kind {
    case .first: first
    case .second: second
    }
  }

  /// Takes over what this rank keeps of `values`, which are those of `elements`.
  func load(_ values: [Float], of elements: Range<Int>, _ kind: Kind) {
    for slice in slices(in: elements) {
      block(kind).columns(slice.place).withMutableFloats { place in
        let first = slice.elements.lowerBound - elements.lowerBound
        _ = place.update(fromContentsOf: values[first..<first + place.count])
      }
    }
  }
}

// MARK: - All ranks' moments on the first

extension Moments {
  /// Elements that are brought to the first rank at once.
  private static let most = 1 << 22

  /// Runs `body` on the first rank, which may then call ``lend(_:_:in:to:)``; the others hand over what it asks for.
  func collect(in world: any Communicator, _ body: () throws -> Void) throws {
    guard world.isFirst else {
      while partition.ranks > 1, let (kind, elements) = try announce(nil, in: world) {
        try bring(elements, kind, in: world)
      }
      return
    }
    try body()
    if partition.ranks > 1 { _ = try announce(nil, in: world) }
  }

  /// Lends the moments of `elements` of all ranks, part by part; only on the first rank, within ``collect(in:_:)``.
  func lend(
    _ elements: Range<Int>, _ kind: Kind, in world: any Communicator, to body: (UnsafeRawBufferPointer) throws -> Void
  ) throws {
    guard partition.ranks > 1 else {
      return try block(kind).columns(elements).withFloats { try body(UnsafeRawBufferPointer($0)) }
    }
    for lower in stride(from: elements.lowerBound, to: elements.upperBound, by: Self.most) {
      let part = lower..<min(lower + Self.most, elements.upperBound)
      _ = try announce((kind, part), in: world)
      try bring(part, kind, in: world).withFloats { try body(UnsafeRawBufferPointer($0)) }
    }
  }

  /// Tells all ranks what the first one wants next: nothing more where it says nil.
  private func announce(
    _ wanted: (kind: Kind, elements: Range<Int>)?, in world: any Communicator
  ) throws -> (kind: Kind, elements: Range<Int>)? {
    var words = [wanted?.kind.rawValue ?? -1, wanted?.elements.lowerBound ?? 0, wanted?.elements.upperBound ?? 0]
    try words.withUnsafeMutableBytes { try world.broadcast($0) }
    return Kind(rawValue: words[0]).map { ($0, words[1]..<words[2]) }
  }

  /// Brings elements of all ranks to the first, where the result holds them.
  @discardableResult
  private func bring(_ elements: Range<Int>, _ kind: Kind, in world: any Communicator) throws -> Tensor {
    let whole = Tensor(rows: 1, columns: world.isFirst ? elements.count : 0)
    let nothing = [Range<Int>](repeating: 0..<0, count: world.size)
    for unit in partition.units where unit.overlaps(elements) {
      let wanted = unit.clamped(to: elements)
      var outgoing = nothing, incoming = nothing
      if world.isFirst {
        for rank in 0..<world.size {
          guard let slice = partition.slices(of: rank, in: wanted).first else { continue }
          let first = slice.elements.lowerBound - elements.lowerBound
          incoming[rank] = first..<first + slice.elements.count
          if rank == 0 { copy(block(kind).columns(slice.place), into: whole.columns(incoming[0])) }
        }
      } else {
        outgoing[0] = slices(in: wanted).first?.place ?? 0..<0
      }
      let columns = (outgoing, incoming)
      try world.exchange(block(kind), into: whole, { _ in columns })
    }
    return whole
  }
}
