/// How often queries were found.
struct QueryCounts: Sendable {
  /// Pairs looked at, and those with any query.
  private(set) var pool = 0
  private(set) var matched = 0
  /// For each query the pairs it was found in.
  private(set) var pairs: [Int]

  init(queries: Int) {
    pairs = [Int](repeating: 0, count: queries)
  }

  /// Counts a pair, in which queries were found or not.
  mutating func add(_ queries: [UInt32]) {
    pool += 1
    if !queries.isEmpty { matched += 1 }
    for query in queries { pairs[Int(query)] += 1 }
  }
}
