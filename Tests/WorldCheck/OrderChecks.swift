import CAllocations
import Collectives
import Shards
import Training

/// The order of samples takes memory for each shard, none for each sample.
struct OrderChecks {
  private let world: any Communicator
  private static let shards = 10_000
  private static let batch = 32_768

  init(_ world: any Communicator) {
    self.world = world
  }

  func run(_ checks: inout Checks) throws {
    for weights in [nil, "1", "2.5"] {
      let small = try requests(samples: 1_000_000, weights), large = try requests(samples: 100_000_000, weights)
      // Windows, of which there are one or two dozen more, have an entry each.
      try checks.expect(
        "weights \(weights ?? "none"): a hundred times the samples, no more memory (\(large.bytes / 1024) KiB)",
        abs(large.bytes - small.bytes) < small.bytes / 10 && large.largest < 32 * Self.shards,
        "found \(large.bytes) bytes, \(large.largest) at once; \(small.bytes) for a hundredth of the samples")
    }
  }

  /// What a rank's share of a batch, late in an epoch, asks the allocator for, a bounded number of passes included.
  private func requests(samples: Int, _ weights: String?) throws -> (bytes: Int, largest: Int) {
    let sizes = [Int](repeating: samples / Self.shards, count: Self.shards)
    let weighted = try weights.map { WeightedOrder(shardSizes: [sizes], weights: try DatasetWeights($0), seed: 1) }
    CAllocations_begin()
    let plan = BatchPlan(
      shardSizes: sizes, samples: samples, weighted: weighted, seed: 1, globalBatch: Self.batch, microBatch: 256,
      rank: 0, ranks: Self.batch / 256)
    let places = plan.places(step: plan.stepsPerEpoch * 99 / 100, microBatch: 0)
    CAllocations_end()
    precondition(places.count == 256)
    return (CAllocations_bytes(), CAllocations_largest())
  }
}
