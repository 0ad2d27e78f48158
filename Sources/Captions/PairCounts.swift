/// Words as lists of tokens, and how often each pair of neighbouring tokens occurs in all of them.
struct PairCounts {
  private var words: [[Int32]]
  private let weights: [Int]  // how often each word occurs
  private var counts: [Vocabulary.Merge: Int] = [:]
  private var places: [Vocabulary.Merge: [Int]] = [:]  // the words each pair is in, or once was
  private var queue = Heap<Candidate>()

  /// A pair in the order in which pairs merge: the most frequent first, then the lowest ids.
  private struct Candidate: Comparable {
    let count: Int
    let pair: Vocabulary.Merge

    static func < (a: Candidate, b: Candidate) -> Bool {
      a.count == b.count ? a.pair < b.pair : a.count > b.count
    }
  }

  /// - Parameter weightOfWord: how often each word occurs.
  init(_ weightOfWord: [[Int32]: Int]) {
    words = Array(weightOfWord.keys)
    weights = words.map { weightOfWord[$0] ?? 0 }
    for index in words.indices { count(words[index], of: index) { _ in true } }
    for (pair, count) in counts { queue.insert(Candidate(count: count, pair: pair)) }
  }

  /// Takes out the most frequent pair, if it occurs often enough. It does not come again.
  mutating func popMostFrequent(atLeast leastCount: Int) -> Vocabulary.Merge? {
    while let candidate = queue.popFirst() {
      let count = counts[candidate.pair] ?? 0
      // Other merges may have taken occurrences away since this was queued.
      if count == candidate.count { return count >= leastCount ? candidate.pair : nil }
      if count > 0 { queue.insert(Candidate(count: count, pair: candidate.pair)) }
    }
    return nil
  }

  /// Makes every occurrence of `pair` the token `id`.
  mutating func merge(_ pair: Vocabulary.Merge, into id: Int32) {
    var new: Set<Vocabulary.Merge> = []
    for index in places.removeValue(forKey: pair) ?? [] {
      let merged = Self.merge(pair, into: id, in: words[index])
      if merged.count == words[index].count { continue }
      uncount(words[index], of: index)
      count(merged, of: index) { neighbours in
        let isNew = neighbours.left == id || neighbours.right == id
        if isNew { new.insert(neighbours) }
        return isNew
      }
      words[index] = merged
    }
    for pair in new { queue.insert(Candidate(count: counts[pair] ?? 0, pair: pair)) }
  }

  private static func merge(_ pair: Vocabulary.Merge, into id: Int32, in word: [Int32]) -> [Int32] {
    var merged: [Int32] = []
    merged.reserveCapacity(word.count)
    var index = 0
    while index < word.count {
      let isPair = index + 1 < word.count && word[index] == pair.left && word[index + 1] == pair.right
      merged.append(isPair ? id : word[index])
      index += isPair ? 2 : 1
    }
    return merged
  }

  /// Counts the pairs of a word, and notes the word as the place of those that `isNew` here.
  private mutating func count(_ word: [Int32], of index: Int, isNew: (Vocabulary.Merge) -> Bool) {
    for (left, right) in zip(word, word.dropFirst()) {
      let pair = Vocabulary.Merge(left: left, right: right)
      counts[pair, default: 0] += weights[index]
      if isNew(pair), places[pair]?.last != index { places[pair, default: []].append(index) }
    }
  }

  private mutating func uncount(_ word: [Int32], of index: Int) {
    for (left, right) in zip(word, word.dropFirst()) {
      let pair = Vocabulary.Merge(left: left, right: right)
      counts[pair, default: 0] -= weights[index]
      if counts[pair] == 0 { counts[pair] = nil }
    }
  }
}
