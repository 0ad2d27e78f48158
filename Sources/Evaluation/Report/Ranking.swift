import Tensors

/// What a query found, and where among it was what belongs to it.
struct Ranking: Sendable {
  /// The row of the query.
  let query: Int
  /// The best place of what belongs to it, from 1.
  let place: Int
  /// The best of what belongs to it.
  let own: Search.Hit
  /// By how much that is more similar than the best of all others.
  let margin: Float
  /// The most similar ones, the best first.
  let best: [Search.Hit]

  /// Ranks candidates for every query. To a query belongs whatever is of its group, such as all pictures of one caption.
  ///
  /// - Parameters:
  ///   - candidates: (pairs, embedding); `queries`: the same shape; rows of length 1.
  ///   - groups: of each pair.
  ///   - top: how many of the best are kept.
  static func all(of candidates: Tensor, for queries: Tensor, groups: [Int], top: Int) -> [Ranking] {
    let tile = 256
    let room = Tensor(rows: min(tile, queries.rows), columns: candidates.rows)
    return stride(from: 0, to: queries.rows, by: tile).flatMap { start in
      let rows = start..<min(start + tile, queries.rows)
      let similarities = room.rows(0..<rows.count)
      multiply(queries.rows(rows), candidates.transposed, into: similarities)
      return similarities.withFloats { numbers in
        rows.map { query in
          let first = (query - start) * candidates.rows
          return Ranking(query, UnsafeBufferPointer(rebasing: numbers[first..<first + candidates.rows]), groups, top)
        }
      }
    }
  }

  private init(_ query: Int, _ scores: UnsafeBufferPointer<Float>, _ groups: [Int], _ top: Int) {
    let group = groups[query]
    var own = Search.Hit(index: query, score: scores[query]), other = -Float.infinity
    var best: [Search.Hit] = []
    for (index, score) in scores.enumerated() {
      if groups[index] != group {
        other = max(other, score)
      } else if score > own.score {
        own = Search.Hit(index: index, score: score)
      }
      // Few are kept, so they are sorted as they come.
      guard best.count < top || score > best[best.count - 1].score else { continue }
      let place = best.firstIndex { score > $0.score } ?? best.count
      best.insert(Search.Hit(index: index, score: score), at: place)
      if best.count > top { best.removeLast() }
    }
    self.query = query
    self.own = own
    self.best = best
    margin = own.score - other
    place = 1 + scores.indices.count { groups[$0] != group && scores[$0] > own.score }
  }

  /// The clearest finds: what belongs to the query comes first, by the largest margins; each group once.
  static func clearest(_ count: Int, of rankings: [Ranking], groups: [Int]) -> [Ranking] {
    let sorted = rankings.filter { $0.place == 1 && $0.margin.isFinite }.sorted { $0.margin > $1.margin }
    return firstOfGroups(count, of: sorted, groups)
  }

  /// The worst misses: what belongs to the query comes late; each group once.
  static func worst(_ count: Int, of rankings: [Ranking], groups: [Int]) -> [Ranking] {
    let sorted = rankings.filter { $0.place > 1 }.sorted { ($1.place, $0.margin) < ($0.place, $1.margin) }
    return firstOfGroups(count, of: sorted, groups)
  }

  private static func firstOfGroups(_ count: Int, of rankings: [Ranking], _ groups: [Int]) -> [Ranking] {
    var seen: Set<Int> = []
    return Array(rankings.filter { seen.insert(groups[$0.query]).inserted }.prefix(count))
  }
}
