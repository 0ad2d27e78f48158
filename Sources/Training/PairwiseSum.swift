/// A sum of neighbouring terms in one fixed order: the sum of the first half, plus the sum of the second.
///
/// Where a power of two of ranks have equally many neighbours each, what a rank adds up of its own is a whole part of this
/// tree, and so is what each two, four, … ranks have together: the result is the same, to the last bit, on any such number.
package enum PairwiseSum {
  /// How many blocks of memory terms are summed in: a term, and a sum of each size that waits for its other half.
  package static func blocks(for terms: Int) -> Int { 1 + Int.bitWidth - max(terms - 1, 0).leadingZeroBitCount }

  /// Makes terms and adds them up, as few at a time as there are ``blocks(for:)``; block 0 holds the sum afterwards.
  ///
  /// - Parameters:
  ///   - make: makes a term in a block, whatever that held before.
  ///   - add: adds one block to another.
  package static func sum(
    _ terms: Range<Int>, into block: Int = 0, make: (_ term: Int, _ block: Int) throws -> Void,
    add: (_ block: Int, _ target: Int) -> Void
  ) rethrows {
    guard terms.count > 1 else { return try make(terms.lowerBound, block) }
    let middle = terms.lowerBound + terms.count / 2
    try sum(terms.lowerBound..<middle, into: block, make: make, add: add)
    try sum(middle..<terms.upperBound, into: block + 1, make: make, add: add)
    add(block + 1, block)
  }

  /// Adds up terms that are all there, a power of two of them; the first is the sum afterwards.
  ///
  /// - Parameter add: adds one term to another.
  package static func sum(_ count: Int, add: (_ term: Int, _ target: Int) -> Void) {
    precondition(count.nonzeroBitCount == 1, "\(count) terms are no power of two")
    var width = 1
    while width < count {
      for first in stride(from: 0, to: count, by: 2 * width) { add(first + width, first) }
      width *= 2
    }
  }
}
