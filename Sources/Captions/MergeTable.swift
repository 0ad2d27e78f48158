/// The rank of each pair of tokens that merges: a hash table without anything a lookup could wait for.
struct MergeTable: Sendable {
  private let keys: [UInt64]  // `empty` where there is none; a power of two of them, at least twice the pairs
  private let ranks: [Int32]
  private let shift: UInt64

  private static let empty = UInt64.max

  init(_ merges: [Vocabulary.Merge]) {
    var bits: UInt64 = 4
    while 1 << bits < 2 * merges.count { bits += 1 }
    shift = 64 - bits
    var keys = [UInt64](repeating: Self.empty, count: 1 << bits)
    var ranks = [Int32](repeating: 0, count: 1 << bits)
    for (rank, merge) in merges.enumerated() {
      let key = Self.key(merge.left, merge.right)
      var slot = Self.slot(of: key, shift: shift)
      while keys[slot] != Self.empty { slot = (slot + 1) & (keys.count - 1) }
      keys[slot] = key
      ranks[slot] = Int32(rank)
    }
    self.keys = keys
    self.ranks = ranks
  }

  /// The rank of a pair, or nil where it does not merge.
  func rank(_ left: Int32, _ right: Int32) -> Int32? {
    let key = Self.key(left, right)
    var slot = Self.slot(of: key, shift: shift)
    while keys[slot] != Self.empty {
      if keys[slot] == key { return ranks[slot] }
      slot = (slot + 1) & (keys.count - 1)
    }
    return nil
  }

  private static func key(_ left: Int32, _ right: Int32) -> UInt64 {
    UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
  }

  /// Fibonacci hashing: the upper bits of a product with 2⁶⁴ over the golden ratio.
  private static func slot(of key: UInt64, shift: UInt64) -> Int {
    Int((key &* 0x9e37_79b9_7f4a_7c15) >> shift)
  }
}
