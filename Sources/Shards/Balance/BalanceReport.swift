public import Files

/// What balancing found and made.
public struct BalanceReport: Encodable, Equatable, Sendable {
  /// Queries by the pairs they are found in, one row for each power of ten.
  public struct Row: Encodable, Equatable, Sendable {
    /// The fewest pairs of a query in this row.
    public let from: Int
    /// The most pairs of a query in this row.
    public let to: Int
    /// Queries with so many pairs in the pool.
    public let before: Int
    /// Queries with so many pairs among those kept.
    public let after: Int
  }

  /// Pairs looked at.
  public let pool: Int
  /// Those of which a caption holds a query.
  public let matched: Int
  /// Their share of the pool.
  public let matchedShare: Double
  /// Pairs of the new dataset.
  public let kept: Int
  /// Words in the captions of kept pairs.
  public let words: Int
  /// Queries that were searched for.
  public let queries: Int
  /// Those found in any pair.
  public let queriesMatched: Int
  /// The pairs to keep for a query.
  public let perQuery: Int
  /// Queries found in that many pairs of the pool, or more.
  public let queriesAtCap: Int
  /// From queries in no pair to those in most.
  public let histogram: [Row]
  /// Shards of the new dataset.
  public let shards: Int
  /// Their size.
  public let bytes: Int
  /// The identity of the new dataset.
  public let digest: Digest

  init(_ index: ShardIndex, found: QueryCounts, kept: BalancedPairs.Tally, perQuery: Int) {
    pool = found.pool
    matched = found.matched
    matchedShare = Double(found.matched) / Double(max(found.pool, 1))
    self.kept = kept.counts.pool
    words = kept.words
    queries = found.pairs.count
    queriesMatched = found.pairs.count { $0 > 0 }
    self.perQuery = perQuery
    queriesAtCap = found.pairs.count { $0 >= perQuery }
    shards = index.shards.count
    bytes = index.shards.reduce(0) { $0 + $1.bytes }
    digest = index.digest
    let before = Self.decades(found.pairs), after = Self.decades(kept.counts.pairs)
    var rows: [Row] = []
    for decade in before.indices {
      let (from, to) = (rows.last.map { $0.to + 1 } ?? 0, rows.last.map { $0.to * 10 + 9 } ?? 0)
      rows.append(Row(from: from, to: to, before: before[decade], after: decade < after.count ? after[decade] : 0))
    }
    histogram = rows
  }

  /// How many counts are 0, 1 to 9, 10 to 99, and so on: as many as they have digits, but for 0.
  private static func decades(_ counts: [Int]) -> [Int] {
    var decades = [0]
    for count in counts {
      var (decade, rest) = (0, count)
      while rest > 0 { (decade, rest) = (decade + 1, rest / 10) }
      while decades.count <= decade { decades.append(0) }
      decades[decade] += 1
    }
    return decades
  }
}
