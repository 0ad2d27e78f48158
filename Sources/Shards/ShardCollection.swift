public import Files

/// Datasets read one behind the other, as if they were one.
public final class ShardCollection: Sendable {
  /// The datasets, in the order they were given.
  public let datasets: [ShardDataset]
  /// Samples of all datasets.
  public let count: Int
  /// Samples of every shard of every dataset: what ``SampleOrder`` needs.
  public let shardSizes: [Int]
  /// How often the samples of each dataset come in an epoch; nil: once, those of all datasets shuffled together.
  public let weights: DatasetWeights?
  private let firstSamples: [Int]

  /// Opens the datasets in `directories`, of which there must be at least one.
  ///
  /// - Parameter weights: as many as there are directories.
  public init(_ directories: [String], weights: DatasetWeights? = nil) throws {
    precondition(!directories.isEmpty, "a collection of no datasets")
    precondition(weights.map { $0.count == directories.count } ?? true, "as many weights as datasets")
    self.weights = weights
    datasets = try directories.map { try ShardDataset($0) }
    shardSizes = datasets.flatMap { $0.index.shards.map(\.samples) }
    firstSamples = datasets.map(\.count).runningStarts
    count = shardSizes.reduce(0, +)
  }

  /// The order that the weights make; nil where there are none.
  public func weightedOrder(seed: UInt64) -> WeightedOrder? {
    weights.map { weights in
      WeightedOrder(shardSizes: datasets.map { $0.index.shards.map(\.samples) }, weights: weights, seed: seed)
    }
  }

  /// The identity of what is read: a lone dataset's own digest, otherwise the digest of all digests, a line each.
  public var digest: Digest {
    if datasets.count == 1 { return datasets[0].digest }
    return Digest(of: Array(datasets.map { "\($0.digest)\n" }.joined().utf8))
  }

  /// The sample with a number, counted through all datasets.
  public func sample(at number: Int) throws -> Sample {
    let dataset = firstSamples.lastIndex(notAfter: number)
    return try datasets[dataset].sample(at: number - firstSamples[dataset])
  }

  /// The samples that are read and decompressed together with one, adding the time that takes to `times`.
  public func run(around number: Int, measuring times: inout ReadingTimes) throws -> SampleRun {
    let dataset = firstSamples.lastIndex(notAfter: number)
    let first = firstSamples[dataset]
    let run = try datasets[dataset].run(around: number - first, measuring: &times)
    return SampleRun(first: first + run.numbers.lowerBound, frame: run.frame)
  }

  /// The number of the first sample that is read together with one: the same for all of them.
  public func firstSample(readWith number: Int) -> Int {
    let dataset = firstSamples.lastIndex(notAfter: number)
    return firstSamples[dataset] + datasets[dataset].firstSample(inFrameOf: number - firstSamples[dataset])
  }
}
