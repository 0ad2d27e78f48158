/// Which sample comes at which position of an epoch.
///
/// A pure function of the shards' sizes, a seed and the epoch: no rank, worker or history is in it, so a run resumes
/// anywhere, on any number of ranks, from integers. Each sample comes exactly once in an epoch.
///
/// Two levels keep reading local: the shards are shuffled and cut into windows of at least 2¹⁸ samples, and inside a
/// window the samples are shuffled. A dataset of no more samples than that is one window, shuffled as a whole.
///
/// Checkpoints store ``version``; whatever changes the order of any dataset must raise it.
public struct SampleOrder: Sendable {
  /// The version of the rules.
  public static let version = 1
  /// The fewest samples of a window, save where a dataset has fewer.
  public static let windowSamples = 1 << 18

  /// Samples in the epoch.
  public let count: Int
  /// For each place in the order of the shuffled shards: the number of the shard's first sample…
  private let shardSamples: [Int]
  /// … and how many samples come in the shards before.
  private let shardStarts: [Int]
  /// How many samples come before each window, and behind the last.
  private let windowStarts: [Int]
  private let key: UInt64

  /// - Parameters:
  ///   - shardSizes: samples of each shard, all positive.
  ///   - seed: the run's seed.
  ///   - epoch: counted from 0.
  public init(shardSizes: [Int], seed: UInt64, epoch: Int) {
    key = mixed(mixed(seed &+ oddGamma) &+ UInt64(epoch) &* oddGamma)
    let firstSamples = shardSizes.runningStarts
    let total = shardSizes.reduce(0, +)
    count = total

    // Fisher and Yates; the high half of a 128-bit product scales a draw to a range.
    var shards = Array(shardSizes.indices)
    for last in shards.indices.dropFirst().reversed() {
      shards.swapAt(last, Int(mixed(key &+ UInt64(last)).multipliedFullWidth(by: UInt64(last) + 1).high))
    }
    shardSamples = shards.map { firstSamples[$0] }
    shardStarts = shards.map { shardSizes[$0] }.runningStarts
    var windows = [0]
    for start in shardStarts where start - windows[windows.count - 1] >= Self.windowSamples {
      // What remains joins the last window when it would not fill one of its own.
      if total - start >= Self.windowSamples { windows.append(start) }
    }
    windowStarts = windows + [total]
  }

  /// The number of the sample at a position of the epoch, counted through all shards.
  public func sample(at position: Int) -> Int {
    precondition(position >= 0 && position < count, "position \(position) of an epoch of \(count) samples")
    let window = windowStarts.lastIndex(notAfter: position)
    let start = windowStarts[window]
    let shuffle = Permutation(count: windowStarts[window + 1] - start, key: mixed(key ^ UInt64(window + 1)))
    let place = start + shuffle(position - start)
    let shard = shardStarts.lastIndex(notAfter: place)
    return shardSamples[shard] + place - shardStarts[shard]
  }
}
