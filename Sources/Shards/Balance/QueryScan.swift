import Synchronization

/// Looks for queries in all captions of some datasets, frame after frame, on several threads.
struct QueryScan: Sendable {
  let datasets: [ShardDataset]
  let queries: QueryList
  let seed: UInt64
  let threads: Int

  /// A pair, and what was found in its captions.
  struct Pair: Sendable {
    /// The pair, without its picture.
    let sample: Sample
    /// The numbers of the queries that any of its captions holds, each once.
    let queries: [UInt32]
    /// What stands for it in ``PairDraws``.
    let draw: UInt64
  }

  /// What `look` makes of the pairs of each frame, in the frames' order.
  func frames<Found: Sendable>(
    _ look: @escaping @Sendable (Frame, [Pair]) throws -> Found
  ) -> OrderedWorkers<FrameWalk.Step, Found> {
    let walk = Mutex(FrameWalk(datasets))
    let draws = datasets.map { PairDraws(seed: seed, dataset: $0.digest) }
    return OrderedWorkers(
      threads: threads, ahead: 2 * threads, pull: { _ in try walk.withLock { try $0.next() } },
      work: { [queries] step in
        let frame = try step.read()
        let pairs = (0..<frame.samples).map { index in
          let sample = frame.sampleWithoutPicture(index)
          return Pair(
            sample: sample, queries: queries.found(in: sample.captions),
            draw: draws[step.dataset].pair(step.first + index))
        }
        return try look(frame, pairs)
      })
  }
}
