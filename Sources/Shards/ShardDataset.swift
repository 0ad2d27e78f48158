public import Files

/// A packed dataset, read from any thread, a sample at a time.
///
/// ```
/// dataset/
///   shard-000000.tar.zst   a WebDataset tar (USTAR): key.jpg, key.txt, perhaps key.json, for each sample
///   …                      in zstd frames of 8 samples, then zstd's seek table; the last frame ends the tar
///   sizes.json             samples of each shard, for open_clip
///   index.json             written last: counts, sizes, digests
/// ```
/// So `zstd -d`, `tar --zstd -x` and `wds.WebDataset("pipe:zstd -dc …")` read it too.
///
/// Opening it checks the index and the size of every shard. A shard's seek table is checked when the shard is
/// first read, and each frame's checksum when the frame is. Nothing damaged is ever returned.
public final class ShardDataset: Sendable {
  /// Where it lies.
  public let directory: String
  /// Its `index.json`.
  public let index: ShardIndex
  /// Samples of all shards.
  public var count: Int { index.samples }
  /// The identity of the dataset.
  public var digest: Digest { index.digest }

  /// The number of the first sample of each shard.
  private let firstSamples: [Int]
  /// Shards kept open: more than a window of ``SampleOrder`` touches, fewer than a process may open.
  private let shards = RecentlyUsed<Int, Shard>(limit: 200)
  private let frames = RecentlyUsed<FrameName, Frame>(limit: 32 << 20)

  private struct FrameName: Hashable {
    let shard: Int
    let frame: Int
  }

  /// Opens the dataset in `directory`.
  ///
  /// - Throws: `FileError` naming what is missing, unknown, or of the wrong size.
  public init(_ directory: String) throws {
    self.directory = directory
    index = try ShardIndex.read(from: directory)
    if let misfit = try index.misfits(in: directory).first { throw misfit.value }
    firstSamples = index.shards.map(\.samples).runningStarts
  }

  /// The sample with a number, counted through all shards.
  public func sample(at number: Int) throws -> Sample {
    precondition(index.samples > number && number >= 0, "sample \(number) of \(index.samples)")
    let shard = firstSamples.lastIndex(notAfter: number)
    return try sample(shard: shard, index: number - firstSamples[shard])
  }

  /// A sample of a shard.
  ///
  /// - Throws: `FileError` naming the shard and the frame that is damaged.
  public func sample(shard number: Int, index sample: Int) throws -> Sample {
    let entry = index.shards[number]
    precondition((0..<entry.samples).contains(sample), "sample \(sample) of \(entry.samples) in \(entry.name)")
    let (frameNumber, place) = sample.quotientAndRemainder(dividingBy: ShardLimits.samplesPerFrame)
    var times = ReadingTimes()
    return try frame(frameNumber, ofShard: number, measuring: &times).sample(place)
  }

  /// The samples that lie in one frame with a sample, which are read and decompressed together.
  func run(around number: Int, measuring times: inout ReadingTimes) throws -> SampleRun {
    precondition(index.samples > number && number >= 0, "sample \(number) of \(index.samples)")
    let shard = firstSamples.lastIndex(notAfter: number)
    let frameNumber = (number - firstSamples[shard]) / ShardLimits.samplesPerFrame
    return SampleRun(
      first: firstSamples[shard] + frameNumber * ShardLimits.samplesPerFrame,
      frame: try frame(frameNumber, ofShard: shard, measuring: &times))
  }

  /// The number of the first sample of the frame that a sample lies in.
  func firstSample(inFrameOf number: Int) -> Int {
    let first = firstSamples[firstSamples.lastIndex(notAfter: number)]
    return number - (number - first) % ShardLimits.samplesPerFrame
  }

  private func frame(_ frame: Int, ofShard number: Int, measuring times: inout ReadingTimes) throws -> Frame {
    try frames.value(FrameName(shard: number, frame: frame), cost: \.count) {
      let shard = try shards.value(number, cost: { _ in 1 }) { try Shard(index.shards[number], in: directory) }
      let start = ContinuousClock.now
      return try shard.withCompressedFrame(frame) { compressed in
        times.reading += start.duration(to: .now) / .seconds(1)
        return try times.measure(\.decompressing) { try shard.frame(frame, compressed: compressed) }
      }
    }
  }
}

extension [Int] {
  /// For each element the sum of those before it.
  var runningStarts: [Int] {
    var start = 0
    return map { element in
      defer { start += element }
      return start
    }
  }

  /// The place of the last element `<= value`, in a sorted array whose first element is.
  func lastIndex(notAfter value: Int) -> Int {
    var (low, high) = (0, count)
    while high - low > 1 {
      let middle = (low + high) / 2
      if self[middle] <= value { low = middle } else { high = middle }
    }
    return low
  }
}
