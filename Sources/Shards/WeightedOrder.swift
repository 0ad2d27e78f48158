/// Which sample comes at which position, where each dataset comes at a rate of its own.
///
/// A dataset of n samples and weight w is read pass after pass, each in a ``SampleOrder`` of its own, and passes go on
/// from one epoch into the next. Epoch e takes its part from sample ⌊e·w·n⌋ on up to ⌊(e + 1)·w·n⌋ of these passes: each
/// sample w times, where w is whole; every other, in the next epoch the others, where it is a half. The parts of all
/// datasets are merged evenly (``Interleaving``), so each batch has its share of each. Epochs follow one another without
/// a gap: what does not fill a batch begins the next one.
///
/// As in ``SampleOrder`` no history is in it: a position is found by arithmetic, in time that does not grow with it.
public struct WeightedOrder: Sendable {
  /// A sample of the order, and what tells it from all others.
  public struct Draw: Equatable, Sendable {
    /// The number of the sample, counted through all datasets.
    public let sample: Int
    /// The epoch it comes in, from 0.
    public let epoch: Int
    /// Its place in the epoch.
    public let place: Int
  }

  private let shardSizes: [[Int]]
  private let sizes: [Int]
  private let firstSamples: [Int]
  /// Samples of each dataset in an epoch, in millionths.
  private let rates: [Int128]
  private let seed: UInt64

  /// - Parameters:
  ///   - shardSizes: for each dataset the samples of each shard, all positive.
  ///   - weights: of the datasets.
  ///   - seed: the run's seed.
  public init(shardSizes: [[Int]], weights: DatasetWeights, seed: UInt64) {
    precondition(shardSizes.count == weights.count, "\(weights.count) weights of \(shardSizes.count) datasets")
    self.shardSizes = shardSizes
    sizes = shardSizes.map { $0.reduce(0, +) }
    firstSamples = sizes.runningStarts
    rates = zip(sizes, weights.millionths).map { Int128($0) * Int128($1) }
    self.seed = seed
  }

  private var rate: Int128 { rates.reduce(0, +) }

  /// Samples of an epoch; epochs that are not whole have one more now and then.
  public var samplesPerEpoch: Int { Int(rate / Int128(DatasetWeights.unit)) }

  /// The draws at positions counted through all epochs.
  public func draws(at positions: Range<Int>) -> [Draw] {
    struct Pass: Hashable {
      let dataset: Int
      let number: Int
    }
    var orders: [Pass: SampleOrder] = [:]
    var epoch = -1, start = 0, end = 0
    var before: [Int] = []
    var interleaving = Interleaving([])
    return positions.map { position in
      if epoch < 0 || position >= end {
        epoch = self.epoch(of: position)
        before = given(before: epoch)
        interleaving = Interleaving(zip(given(before: epoch + 1), before).map { $0 - $1 })
        start = before.reduce(0, +)
        end = start + interleaving.total
      }
      let (dataset, index) = interleaving.element(at: position - start)
      let (number, place) = (before[dataset] + index).quotientAndRemainder(dividingBy: sizes[dataset])
      let pass = Pass(dataset: dataset, number: number)
      let order = orders[pass] ?? self.order(of: dataset, pass: number)
      orders[pass] = order
      return Draw(sample: firstSamples[dataset] + order.sample(at: place), epoch: epoch, place: position - start)
    }
  }

  /// Datasets of the same sizes must not come in the same order.
  private func order(of dataset: Int, pass: Int) -> SampleOrder {
    SampleOrder(
      shardSizes: shardSizes[dataset], seed: mixed(seed &+ UInt64(dataset + 1) &* oddGamma), epoch: pass)
  }

  /// How many samples each dataset has given before an epoch.
  private func given(before epoch: Int) -> [Int] {
    rates.map { Int(Int128(epoch) * $0 / Int128(DatasetWeights.unit)) }
  }

  /// The epoch of a position: the last that begins not behind it.
  private func epoch(of position: Int) -> Int {
    // Rounding down takes less than a sample of each dataset.
    func epochs(_ samples: Int) -> Int { Int(Int128(samples) * Int128(DatasetWeights.unit) / rate) }
    var (low, high) = (epochs(position), epochs(position + rates.count) + 1)
    while high - low > 1 {
      let middle = (low + high) / 2
      if given(before: middle).reduce(0, +) <= position { low = middle } else { high = middle }
    }
    return low
  }
}
