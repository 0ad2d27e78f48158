import Files

/// Makes a dataset in which frequent queries do not drown rare ones, as CLIP's own was made (Radford et al. 2021, 2.2).
///
/// Of packed datasets it keeps pairs whose captions hold one of many queries, about `perQuery` for each query. A first
/// pass over all captions counts, for each query q, the c_q pairs that hold it. A second one keeps pairs and packs them:
///
/// * A pair is drawn for each of its queries with probability min(1, perQuery / c_q), and kept if any draw says so, as
///   MetaCLIP does (Xu et al. 2023): all pairs of rare queries stay, and frequent ones keep perQuery on average, or more
///   with those that are kept for other queries.
/// * Strictly, the perQuery pairs with the smallest draws are kept for each query, all of them where there are no more;
///   that takes one pass more, to find where these draws end.
///
/// Draws are those of ``PairDraws``: the result depends on the datasets, the queries and the seed alone. Pictures,
/// captions and JSON keep their bytes. Memory holds some numbers for each query and a few frames.
public struct Balancer: Sendable {
  let scan: QueryScan
  let perQuery: Int
  private let isStrict: Bool

  /// - Parameters:
  ///   - data: what to choose from.
  ///   - queries: what to search captions for.
  ///   - perQuery: the pairs to keep for a query.
  ///   - seed: of the draws.
  ///   - isStrict: whether exactly so many are kept for each query.
  ///   - threads: how many frames are looked through at once.
  public init(
    _ data: ShardCollection, queries: QueryList, perQuery: Int = 20_000, seed: UInt64 = 0, isStrict: Bool = false,
    threads: Int
  ) throws {
    guard perQuery > 0 else { throw PackError("\(perQuery) pairs per query: expected at least 1") }
    guard threads > 0 else { throw PackError("\(threads) threads: expected at least 1") }
    self.perQuery = perQuery
    self.isStrict = isStrict
    scan = QueryScan(datasets: data.datasets, queries: queries, seed: seed, threads: threads)
  }

  /// Writes the balanced dataset into `directory`, which must be empty, not exist, or hold what the same balancing left
  /// when it was stopped.
  ///
  /// - Parameter progress: told now and then, on the caller's thread.
  /// - Throws: `FileError` when something cannot be read or written, ``PackError`` when no caption holds a query or
  ///   the draws keep no pair. Shards that are complete stay in `directory`: the same command goes on behind them.
  public func balance(
    into directory: String, progress: (BalanceProgress) -> Void = { _ in }
  ) throws -> BalanceReport {
    // Before hours of counting, not behind them.
    if Directory.exists(directory) { try Packer.checkUse(of: directory) }
    let found = try count(progress)
    guard found.matched > 0 else {
      throw PackError(
        "none of the \(scan.queries.count) queries of \(scan.queries.path) is in a caption of "
          + "\(scan.datasets.map(\.directory).joined(separator: ", ")) (\(found.pool) pairs): "
          + "expected words of the captions, in their language, a query on each line")
    }
    let limits = isStrict ? try strictLimits(found, progress) : drawnLimits(found)
    let kept = BalancedPairs(scan, limits: limits)
    // All pictures come out of shards, so none is prepared.
    let packer = try Packer(threads: scan.threads, settings: settings) { _ in throw UnusableSample.noImage }
    let packing = try packer.pack([PackInput(kept)], into: directory) { progress(.packing($0)) }
    if kept.tally.counts.pool == 0 {
      // An earlier command packed them all, and was killed right behind the last; what is told of them is not known here.
      var pairs = kept.source()
      while try pairs.next() != nil {}
    }
    return BalanceReport(packing.index, found: found, kept: kept.tally, perQuery: perQuery)
  }

  /// What the kept pairs depend on: a balancing that was killed while it packed goes on only with the same.
  private var settings: PackSettings {
    [
      "--queries": "\(Digest(of: scan.queries.digests.flatMap { withUnsafeBytes(of: $0.littleEndian, Array.init) }))",
      "--per-query": "\(perQuery)", "--seed": "\(scan.seed)", "--strict": isStrict ? "given" : "not given",
      "datasets": scan.datasets.map { "\($0.digest)" }.joined(separator: ", "),
    ]
  }

  /// The first pass.
  private func count(_ progress: (BalanceProgress) -> Void) throws -> QueryCounts {
    var found = QueryCounts(queries: scan.queries.count)
    let frames = scan.frames { _, pairs in pairs.map(\.queries) }
    while let frame = try frames.next() {
      for queries in frame { found.add(queries) }
      progress(.searching(pairs: found.pool))
    }
    return found
  }
}
