import Synchronization

/// The pairs of some datasets that balancing keeps, and what is counted of them while they are packed.
final class BalancedPairs: Sendable, Equatable {
  /// What was kept.
  struct Tally: Sendable {
    /// Kept pairs by query.
    var counts: QueryCounts
    /// Words in all captions of kept pairs.
    var words = 0
  }

  private let scan: QueryScan
  private let limits: [UInt64]
  private let counted: Mutex<Tally>

  /// - Parameters:
  ///   - scan: finds the queries of each pair.
  ///   - limits: for each query the largest draw with which a pair is kept for it.
  init(_ scan: QueryScan, limits: [UInt64]) {
    self.scan = scan
    self.limits = limits
    counted = Mutex(Tally(counts: QueryCounts(queries: limits.count)))
  }

  /// The datasets they are from.
  var path: String { scan.datasets.map(\.directory).joined(separator: ", ") }
  /// What was kept so far.
  var tally: Tally { counted.withLock { $0 } }

  /// Each is a selection of its own.
  static func == (one: BalancedPairs, other: BalancedPairs) -> Bool { one === other }

  /// Starts reading them.
  func source() -> BalancedSource {
    counted.withLock { $0 = Tally(counts: QueryCounts(queries: limits.count)) }
    let digests = scan.queries.digests
    return BalancedSource(
      self, of: scan.datasets.reduce(0) { $0 + $1.count },
      scan.frames { [limits] frame, pairs in
        pairs.indices.map { index in
          let pair = pairs[index]
          let isKept = pair.queries.contains { limits[Int($0)] >= PairDraws.draw(pair.draw, digests[Int($0)]) }
          guard isKept else {
            let flaw = pair.queries.isEmpty ? UnusableSample.noQuery : .aboveCap
            return BalancedSource.Element(candidate: Candidate(name: pair.sample.key, flaw: flaw), pair: nil)
          }
          return BalancedSource.Element(candidate: Candidate(stored: frame.sample(index)), pair: pair)
        }
      })
  }

  /// Counts a pair that was kept.
  func count(_ pair: QueryScan.Pair) {
    let words = pair.sample.captions.reduce(0) { $0 + Self.words(in: $1) }
    counted.withLock {
      $0.counts.add(pair.queries)
      $0.words += words
    }
  }

  /// Runs of anything but spaces, tabs and line breaks.
  private static func words(in caption: String) -> Int {
    var (words, isInside) = (0, false)
    for byte in caption.utf8 {
      let isSpace = byte == 0x20 || (0x09...0x0D).contains(byte)
      if !isSpace, !isInside { words += 1 }
      isInside = !isSpace
    }
    return words
  }
}

extension UnusableSample {
  /// None of the queries is in any of its captions.
  fileprivate static let noQuery = UnusableSample(reason: "no_query")
  /// Its queries have pairs enough without it.
  fileprivate static let aboveCap = UnusableSample(reason: "above_cap")
}

extension Candidate {
  /// A sample of a shard, to be stored as it is.
  fileprivate init(stored sample: Sample) {
    self.init(
      name: sample.key, picture: .bytes(sample.picture), caption: .bytes(Array(sample.caption.utf8)),
      json: sample.json.map { .bytes($0) }, storedFormat: sample.format)
  }
}
