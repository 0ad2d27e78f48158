/// The rank of each pair of tokens that merges: an open hash table of one word an entry, so that a lookup mostly touches
/// one cache line.
package struct MergeTable: Sendable {
  /// The pair in the upper half, the rank in the lower; a power of two of them, at least twice the pairs.
  private let entries: [UInt64]
  private let shift: UInt64

  /// No rank: it comes after all others.
  static let none = UInt32.max

  private static let empty = UInt64.max

  package init(_ merges: [Vocabulary.Merge]) {
    var bits: UInt64 = 4
    while 1 << bits < 2 * merges.count { bits += 1 }
    shift = 64 - bits
    var entries = [UInt64](repeating: Self.empty, count: 1 << bits)
    for (rank, merge) in merges.enumerated() {
      let pair = Self.pair(merge.left, merge.right)
      var slot = Self.slot(of: pair, shift: shift)
      while entries[slot] != Self.empty { slot = (slot + 1) & (entries.count - 1) }
      entries[slot] = pair << 32 | UInt64(rank)
    }
    self.entries = entries
  }

  /// The rank of a pair, or ``none`` where it does not merge.
  func rank(_ left: Int32, _ right: Int32) -> UInt32 {
    let pair = Self.pair(left, right)
    var slot = Self.slot(of: pair, shift: shift)
    while entries[slot] != Self.empty {
      if entries[slot] >> 32 == pair { return UInt32(truncatingIfNeeded: entries[slot]) }
      slot = (slot + 1) & (entries.count - 1)
    }
    return Self.none
  }

  /// Ids are below 2¹⁶ (``Vocabulary/greatestSize``), and the greatest two are markers: no pair looks like `empty`.
  private static func pair(_ left: Int32, _ right: Int32) -> UInt64 {
    UInt64(UInt16(truncatingIfNeeded: left)) << 16 | UInt64(UInt16(truncatingIfNeeded: right))
  }

  /// Fibonacci hashing: the upper bits of a product with 2⁶⁴ over the golden ratio.
  private static func slot(of pair: UInt64, shift: UInt64) -> Int {
    Int((pair &* 0x9e37_79b9_7f4a_7c15) >> shift)
  }
}
