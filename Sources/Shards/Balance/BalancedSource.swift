/// The pairs of datasets in their order: those that balancing keeps, with the others as flawed ones.
struct BalancedSource: CandidateSource {
  /// A candidate, and the pair it is if it is kept.
  struct Element: Sendable {
    let candidate: Candidate
    let pair: QueryScan.Pair?
  }

  private let pairs: BalancedPairs
  private let frames: OrderedWorkers<FrameWalk.Step, [Element]>
  private var waiting: ArraySlice<Element> = []
  private let total: Int
  private var passed = 0

  /// - Parameter total: pairs of all datasets.
  init(_ pairs: BalancedPairs, of total: Int, _ frames: OrderedWorkers<FrameWalk.Step, [Element]>) {
    self.pairs = pairs
    self.total = total
    self.frames = frames
  }

  var fraction: Double { Double(passed) / Double(max(total, 1)) }

  mutating func next() throws -> Candidate? {
    while waiting.isEmpty {
      guard let frame = try frames.next() else {
        guard pairs.tally.counts.pool > 0 else {
          throw PackError(
            "the draws kept none of the pairs of \(pairs.path): take another --seed, a larger --per-query, or --strict")
        }
        return nil
      }
      waiting = frame[...]
    }
    guard let element = waiting.popFirst() else { return nil }
    passed += 1
    if let pair = element.pair { pairs.count(pair) }
    return element.candidate
  }
}
