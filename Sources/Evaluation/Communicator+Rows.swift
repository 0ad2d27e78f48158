import Collectives
import Tensors

extension Communicator {
  /// How many rows all ranks have together, and how many those before this one.
  ///
  /// - Parameter own: how many this rank has.
  func places(of own: Int) throws -> (all: Int, before: Int) {
    let counts = try counts(of: own)
    return (counts.reduce(0, +), counts[..<rank].reduce(0, +))
  }

  /// Everybody's rows (all, columns), in the order of ranks, which may have different numbers of them.
  func allRows(_ own: Tensor) throws -> Tensor {
    guard size > 1 else { return own }
    let counts = try counts(of: own.rows)
    // Equal parts can be gathered: where there are fewer rows, the rest of a part means nothing.
    let most = counts.max() ?? 0, isEqual = counts.allSatisfy { $0 == most }
    let parts = Tensor(rows: most * size, columns: own.columns)
    let part = isEqual ? own : Tensor(rows: most, columns: own.columns)
    if !isEqual { own.withFloats { own in part.withMutableFloats { _ = $0.update(fromContentsOf: own) } } }
    try part.withFloats { part in try parts.withMutableFloats { try gather(part, into: $0) } }
    if isEqual { return parts }
    let all = Tensor(rows: counts.reduce(0, +), columns: own.columns)
    var first = 0
    for (rank, count) in counts.enumerated() {
      parts.rows(rank * most..<rank * most + count).withFloats { from in
        all.rows(first..<first + count).withMutableFloats { _ = $0.update(fromContentsOf: from) }
      }
      first += count
    }
    return all
  }

  /// Puts this rank's numbers into their place among everybody's, and returns all.
  ///
  /// - Parameters:
  ///   - own: numbers that sums of doubles leave as they are.
  ///   - first: the place of the first.
  ///   - count: of all.
  func all(_ own: [Double], from first: Int, of count: Int) throws -> [Double] {
    var all = [Double](repeating: 0, count: count)
    all.replaceSubrange(first..<first + own.count, with: own)
    try all.withUnsafeMutableBufferPointer { try sum($0) }
    return all
  }

  /// The largest of everybody's numbers, below 2²⁴.
  func largest(_ own: Int) throws -> Int {
    var number = Float(own)
    try withUnsafeMutablePointer(to: &number) { try maximum(UnsafeMutableBufferPointer(start: $0, count: 1)) }
    return Int(number)
  }

  private func counts(of own: Int) throws -> [Int] {
    try all([Double(own)], from: rank, of: size).map { Int($0) }
  }
}
