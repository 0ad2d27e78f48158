/// The frames of several datasets, one behind the other, each to be opened by whichever thread takes it.
struct FrameWalk {
  /// A frame still to be read.
  struct Step: Sendable {
    /// The number of its dataset.
    let dataset: Int
    /// The number of its first sample in the dataset.
    let first: Int
    fileprivate let shard: Shard
    fileprivate let frame: Int

    /// Reads and checks it.
    func read() throws -> Frame { try shard.frame(frame) }
  }

  private let datasets: [ShardDataset]
  private var dataset = 0
  private var shard = 0
  private var frame = 0
  /// Samples of the dataset before the shard.
  private var before = 0
  private var open: Shard?

  init(_ datasets: [ShardDataset]) {
    self.datasets = datasets
  }

  /// The next frame; nil behind the last.
  mutating func next() throws -> Step? {
    guard dataset < datasets.count else { return nil }
    let shards = datasets[dataset].index.shards
    let current = try open ?? Shard(shards[shard], in: datasets[dataset].directory)
    open = current
    let step = Step(
      dataset: dataset, first: before + frame * ShardLimits.samplesPerFrame, shard: current, frame: frame)
    frame += 1
    if frame == shards[shard].frames {
      before += shards[shard].samples
      (frame, shard, open) = (0, shard + 1, nil)
      if shard == shards.count { (shard, dataset, before) = (0, dataset + 1, 0) }
    }
    return step
  }
}
