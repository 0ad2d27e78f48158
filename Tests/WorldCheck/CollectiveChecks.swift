import Collectives

/// The operations of a communicator against what a person would compute.
struct CollectiveChecks {
  private let world: any Communicator
  // One number; an odd few; and more than two pieces of 64 MiB with a ragged end.
  private static let counts = [0, 1, 1001, 36_000_007]

  init(_ world: any Communicator) {
    self.world = world
  }

  /// A number that tells rank and place apart, exact in single precision even when summed.
  private func value(_ rank: Int, _ index: Int) -> Float { Float((index % 1009 + 1) * (rank + 1)) }

  func run(_ checks: inout Checks) throws {
    let ranks = world.size
    for count in Self.counts {
      let total = Float(ranks * (ranks + 1) / 2)
      var numbers = (0..<count).map { value(world.rank, $0) }
      try numbers.withUnsafeMutableBufferPointer { try world.sum($0) }
      try checks.expect(
        "sum of \(count)", numbers.indices.allSatisfy { numbers[$0] == Float($0 % 1009 + 1) * total })

      numbers = (0..<count).map { value(world.rank, $0) }
      try numbers.withUnsafeMutableBufferPointer { try world.maximum($0) }
      try checks.expect("maximum of \(count)", numbers.indices.allSatisfy { numbers[$0] == value(ranks - 1, $0) })

      let own = (0..<count / ranks).map { value(world.rank, $0) }
      var all = [Float](repeating: 0, count: own.count * ranks)
      try own.withUnsafeBufferPointer { own in
        try all.withUnsafeMutableBufferPointer { try world.gather(own, into: $0) }
      }
      let isGathered = all.indices.allSatisfy { all[$0] == value($0 / own.count, $0 % own.count) }
      try checks.expect("gather of \(count)", isGathered)

      for index in all.indices { all[index] = value(world.rank, index) }
      var part = [Float](repeating: 0, count: own.count)
      try all.withUnsafeBufferPointer { all in
        try part.withUnsafeMutableBufferPointer { try world.sumScatter(all, into: $0) }
      }
      let first = world.rank * own.count
      try checks.expect(
        "sumScatter of \(count)", part.indices.allSatisfy { part[$0] == Float((first + $0) % 1009 + 1) * total })
    }
    try exchange(&checks)
    let told = try world.broadcast(world.isFirst ? Array("what the first rank knows".utf8) : [])
    try checks.expect("broadcast", told == Array("what the first rank knows".utf8))
    try checks.expect("sum of a number", try world.sum(Double(world.rank)) == Double(ranks * (ranks - 1) / 2))

    try refusal(&checks)
  }

  /// Every pair of ranks exchanges another length, one of them of more than a piece, some of none.
  private func exchange(_ checks: inout Checks) throws {
    func length(_ from: Int, _ to: Int) -> Int { from == 0 && to == 1 ? 70 << 20 : (from * 5 + to) % 3 * 1001 }
    func byte(_ from: Int, _ to: Int, _ index: Int) -> UInt8 { UInt8(truncatingIfNeeded: index % 251 + from * 7 + to) }
    let outgoing = (0..<world.size).map { rank in
      let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: length(world.rank, rank), alignment: 64)
      for index in bytes.indices { bytes[index] = byte(world.rank, rank, index) }
      return bytes
    }
    let incoming = (0..<world.size).map { rank in
      UnsafeMutableRawBufferPointer.allocate(byteCount: length(rank, world.rank), alignment: 64)
    }
    defer { (outgoing + incoming).forEach { $0.deallocate() } }
    try world.exchange((outgoing.map { UnsafeRawBufferPointer($0) }, incoming))
    let isRight = (0..<world.size).filter { $0 != world.rank }.allSatisfy { rank in
      incoming[rank].indices.allSatisfy { incoming[rank][$0] == byte(rank, world.rank, $0) }
    }
    try checks.expect("exchange", isRight)
  }
  /// Parts that do not fill the whole: one number of each rank, and room for one more.
  private func refusal(_ checks: inout Checks) throws {
    // Without a launcher there is no MPI that could refuse.
    guard World.isLaunched else { return }
    let one: [Float] = [1]
    var all = [Float](repeating: 0, count: world.size + 1), refused = ""
    do {
      try one.withUnsafeBufferPointer { one in
        try all.withUnsafeMutableBufferPointer { try world.gather(one, into: $0) }
      }
    } catch {
      refused = "\(error)"
    }
    try checks.expect(
      "parts that do not fit are named", refused.contains("\(world.size + 1) numbers are not \(world.size) ranks'"),
      refused)
  }
}
