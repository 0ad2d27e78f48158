/// Merges the bytes of one piece after another into tokens.
///
/// Again and again, *every* occurrence of the pair with the lowest rank merges, from left to right.
package struct PieceMerger {
  private let table: MergeTable
  private var tokens: [Int32] = []
  private var ranks: [UInt32] = []  // of each token with the one behind it
  private var links = Links()

  /// Pieces beyond this are merged with a heap. Scanning is quicker for words, but takes n² steps.
  private static let longestScan = 48

  package init(_ table: MergeTable) {
    self.table = table
  }

  /// Appends the tokens of a piece to `ids`.
  package mutating func merge(_ piece: ArraySlice<Unicode.Scalar>, into ids: inout [Int32]) {
    tokens.removeAll(keepingCapacity: true)
    Tokenizer.appendSymbols(of: piece, to: &tokens)
    if tokens.count <= Self.longestScan { mergeByScanning() } else { mergeByHeap() }
    ids.append(contentsOf: tokens)
  }

  // MARK: Words

  private mutating func mergeByScanning() {
    ranks.removeAll(keepingCapacity: true)
    for index in tokens.indices.dropLast() { ranks.append(table.rank(tokens[index], tokens[index + 1])) }
    ranks.append(MergeTable.none)
    while let lowest = ranks.min(), lowest != MergeTable.none {
      let token = Int32(512 + lowest)
      var kept = 0
      var index = 0
      while index < tokens.count {
        let merges = ranks[index] == lowest
        tokens[kept] = merges ? token : tokens[index]
        ranks[kept] = ranks[merges ? index + 1 : index]
        index += merges ? 2 : 1
        kept += 1
      }
      tokens.removeLast(tokens.count - kept)
      ranks.removeLast(ranks.count - kept)
      for index in tokens.indices.dropLast() where tokens[index] == token || tokens[index + 1] == token {
        ranks[index] = table.rank(tokens[index], tokens[index + 1])
      }
    }
  }

  // MARK: Anything else

  /// Neighbours of tokens in a piece from which tokens disappear, and the pairs that may merge.
  private struct Links {
    var nexts: [Int] = []
    var previouses: [Int] = []
    /// Rank in the upper half, place in the lower.
    var pairs = Heap<UInt64>()
  }

  private static let gone: Int32 = -1

  /// The same in n·log n steps.
  private mutating func mergeByHeap() {
    links.nexts = Array(1..<tokens.count + 1)
    links.previouses = Array(-1..<tokens.count - 1)
    for place in tokens.indices { offerPair(at: place) }
    var merged: [Int] = []
    while let rank = links.pairs.first.map({ $0 >> 32 }) {
      // New pairs wait until all of this rank are done: one of a lower rank may not come in between.
      merged.removeAll(keepingCapacity: true)
      while let pair = links.pairs.first, pair >> 32 == rank {
        _ = links.pairs.popFirst()
        let place = Int(pair & 0xffff_ffff)
        if mergePair(at: place, rank: UInt32(rank)) { merged.append(place) }
      }
      for place in merged where tokens[place] != Self.gone {
        if links.previouses[place] >= 0 { offerPair(at: links.previouses[place]) }
        offerPair(at: place)
      }
    }
    tokens.removeAll { $0 == Self.gone }
  }

  private func rank(at place: Int) -> UInt32 {
    let next = links.nexts[place]
    return next < tokens.count ? table.rank(tokens[place], tokens[next]) : MergeTable.none
  }

  private mutating func offerPair(at place: Int) {
    let rank = rank(at: place)
    if rank != MergeTable.none { links.pairs.insert(UInt64(rank) << 32 | UInt64(place)) }
  }

  private mutating func mergePair(at place: Int, rank: UInt32) -> Bool {
    // Either half may have merged with its other neighbour since.
    guard tokens[place] != Self.gone, self.rank(at: place) == rank else { return false }
    let next = links.nexts[place]
    tokens[place] = Int32(512 + rank)
    tokens[next] = Self.gone
    links.nexts[place] = links.nexts[next]
    if links.nexts[place] < tokens.count { links.previouses[links.nexts[place]] = place }
    return true
  }
}
