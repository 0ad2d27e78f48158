/// Merges the bytes of one piece after another into tokens.
///
/// Again and again, *every* occurrence of the pair with the lowest rank merges, from left to right. The pairs wait in a
/// heap by rank and place, so a piece of n bytes takes n·log n steps, however long.
struct PieceMerger {
  private let ranks: MergeTable
  // A list of the tokens of the current piece, linked both ways; merged ones are `gone`.
  private var tokens: [Int32] = []
  private var nexts: [Int] = []
  private var previouses: [Int] = []
  private var pairs = Heap<UInt64>()
  private var merged: [Int] = []

  private static let gone: Int32 = -1

  init(_ ranks: MergeTable) {
    self.ranks = ranks
  }

  /// Appends the tokens of a piece to `ids`.
  ///
  /// - Parameter piece: the ids of its bytes, the last one of the alphabet that ends words.
  mutating func merge(_ piece: [Int32], into ids: inout [Int32]) {
    tokens = piece
    nexts = Array(1..<piece.count + 1)
    previouses = Array(-1..<piece.count - 1)
    pairs.removeAll()
    for place in 0..<piece.count { offerPair(at: place) }
    while let rank = pairs.first.map({ $0 >> 32 }) {
      // New pairs wait until all of this rank are done: one of a lower rank may not come in between.
      merged.removeAll(keepingCapacity: true)
      while let pair = pairs.first, pair >> 32 == rank {
        _ = pairs.popFirst()
        mergePair(at: Int(pair & 0xffff_ffff), rank: Int32(rank))
      }
      for place in merged where tokens[place] != Self.gone {
        if previouses[place] >= 0 { offerPair(at: previouses[place]) }
        offerPair(at: place)
      }
    }
    for token in tokens where token != Self.gone { ids.append(token) }
  }

  private mutating func offerPair(at place: Int) {
    let next = nexts[place]
    if next < tokens.count, let rank = ranks.rank(tokens[place], tokens[next]) {
      pairs.insert(UInt64(rank) << 32 | UInt64(place))
    }
  }

  private mutating func mergePair(at place: Int, rank: Int32) {
    // Either half may have merged with its other neighbour since.
    let next = nexts[place]
    guard tokens[place] != Self.gone, next < tokens.count, ranks.rank(tokens[place], tokens[next]) == rank else { return }
    tokens[place] = 512 + rank
    tokens[next] = Self.gone
    nexts[place] = nexts[next]
    if nexts[place] < tokens.count { previouses[nexts[place]] = place }
    merged.append(place)
  }
}
