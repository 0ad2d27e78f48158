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
    for index in words.indices {
      for (left, right) in zip(words[index], words[index].dropFirst()) {
        add(1, to: Vocabulary.Merge(left: left, right: right), of: index)
      }
    }
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
      let word = words[index]
      var merged: [Int32] = []
      merged.reserveCapacity(word.count)
      var place = 0
      while place < word.count {
        guard place + 1 < word.count, word[place] == pair.left, word[place + 1] == pair.right else {
          merged.append(word[place])
          place += 1
          continue
        }
        // At every moment, the counts are those of `merged` with the rest of `word` behind it.
        add(-1, to: pair, of: index)
        if let previous = merged.last {
          add(-1, to: Vocabulary.Merge(left: previous, right: pair.left), of: index)
          new.insert(add(1, to: Vocabulary.Merge(left: previous, right: id), of: index))
        }
        if place + 2 < word.count {
          add(-1, to: Vocabulary.Merge(left: pair.right, right: word[place + 2]), of: index)
          new.insert(add(1, to: Vocabulary.Merge(left: id, right: word[place + 2]), of: index))
        }
        merged.append(id)
        place += 2
      }
      words[index] = merged
    }
    for pair in new { if let count = counts[pair] { queue.insert(Candidate(count: count, pair: pair)) } }
  }

  /// Counts occurrences of a pair in a word, more or fewer.
  @discardableResult
  private mutating func add(_ occurrences: Int, to pair: Vocabulary.Merge, of index: Int) -> Vocabulary.Merge {
    let count = (counts[pair] ?? 0) + occurrences * weights[index]
    counts[pair] = count == 0 ? nil : count
    if occurrences > 0, places[pair]?.last != index { places[pair, default: []].append(index) }
    return pair
  }
}
