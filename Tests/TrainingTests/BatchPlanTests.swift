import Foundation
import Shards
import Testing
import Training

@Suite struct BatchPlanTests {
  private func plan(_ rank: Int, of ranks: Int, samples: Int = 1000, batch: Int = 96, microBatch: Int = 7) -> BatchPlan
  {
    BatchPlan(
      shardSizes: [samples / 4, samples / 2, samples - samples / 4 - samples / 2], samples: samples, seed: 3,
      globalBatch: batch, microBatch: microBatch, rank: rank, ranks: ranks)
  }

  private func places(_ plan: BatchPlan, step: Int) -> [BatchPlan.Place] {
    (0..<plan.microBatches).flatMap { plan.places(step: step, microBatch: $0) }
  }

  @Test(arguments: [1, 2, 3, 4, 8], [1, 7, 96]) func aStepHasTheSameSamplesForAnyRanks(ranks: Int, microBatch: Int) {
    for step in [0, 9, 10, 25] {
      let alone = places(plan(0, of: 1), step: step)
      let together = (0..<ranks).flatMap { places(plan($0, of: ranks, microBatch: microBatch), step: step) }
      #expect(alone == together)
    }
  }

  @Test func anEpochTakesEachSampleAtMostOnce() {
    let plan = plan(0, of: 1)
    #expect(plan.stepsPerEpoch == 10)
    for epoch in 0..<3 {
      let taken = (0..<10).flatMap { places(plan, step: epoch * 10 + $0) }
      #expect(Set(taken.map(\.sample)).count == 960)
      #expect(taken.allSatisfy { $0.epoch == epoch })
    }
    #expect(places(plan, step: 0).map(\.sample) != places(plan, step: 10).map(\.sample))
  }

  @Test func aBatchLargerThanTheDataRepeatsIt() {
    let plan = plan(0, of: 2, samples: 40, batch: 100), other = self.plan(1, of: 2, samples: 40, batch: 100)
    #expect(plan.stepsPerEpoch == 1)
    let taken = places(plan, step: 5) + places(other, step: 5)
    #expect(taken.count == 100)
    let times = Dictionary(grouping: taken, by: \.sample).mapValues(\.count)
    #expect(times.count == 40 && times.values.allSatisfy { (2...3).contains($0) })
    // Each pass has draws of its own.
    #expect(Set(taken.map { $0.epoch * 1000 + $0.sample }).count == 100)
  }

  /// the whole table of an epoch, step by step, for any number of ranks.
  @Test func theTableOfAnEpochIsTheSameForAnyRanks() {
    let sizes = Array(repeating: 10_000, count: 61) + Array(repeating: 4_999, count: 78) + [81]
    let samples = sizes.reduce(0, +), batch = 64
    #expect(samples == 1_000_003)
    func table(ranks: Int) -> [Int] {
      let plans = (0..<ranks).map { rank in
        BatchPlan(
          shardSizes: sizes, samples: samples, seed: 3, globalBatch: batch, microBatch: 16, rank: rank, ranks: ranks)
      }
      // The second epoch.
      return (plans[0].stepsPerEpoch..<2 * plans[0].stepsPerEpoch).flatMap { step in
        plans.flatMap { places($0, step: step).map(\.sample) }
      }
    }
    let alone = table(ranks: 1)
    #expect(alone.count == 1_000_000)
    // All but the three that fill no batch, each once.
    var seen = [Int](repeating: 0, count: samples)
    for sample in alone { seen[sample] += 1 }
    #expect(seen.count { $0 == 1 } == 1_000_000 && seen.count { $0 == 0 } == 3)
    for ranks in [2, 4, 8] { #expect(table(ranks: ranks) == alone, "\(ranks) ranks") }
  }

  private func weighted(_ rank: Int, of ranks: Int, microBatch: Int, batch: Int = 96) throws -> BatchPlan {
    let sizes = [[300, 7], [90, 90], [11]]
    let order = WeightedOrder(shardSizes: sizes, weights: try DatasetWeights("0.5,2,7"), seed: 3)
    return BatchPlan(
      shardSizes: sizes.flatMap { $0 }, samples: 498, weighted: order, seed: 3, globalBatch: batch,
      microBatch: microBatch, rank: rank, ranks: ranks)
  }

  @Test(arguments: [1, 2, 3, 4, 8], [1, 7, 96]) func weightsMakeTheSameStepsForAnyRanks(ranks: Int, microBatch: Int)
    throws
  {
    let alone = try weighted(0, of: 1, microBatch: 7)
    // 153.5 + 360 + 77 samples.
    #expect(alone.stepsPerEpoch == 6)
    for step in [0, 5, 6, 12, 100_000] {
      let together = try (0..<ranks).flatMap { places(try weighted($0, of: ranks, microBatch: microBatch), step: step) }
      #expect(together == places(alone, step: step))
    }
  }

  /// No step leaves a sample out or takes one twice, from epoch to epoch, and each is drawn for once.
  @Test func weightsLeaveNothingOut() throws {
    let plan = try weighted(0, of: 1, microBatch: 96)
    // Two epochs of 590.5 samples are twelve steps and 29 samples of the next.
    let taken = (0..<13).flatMap { places(plan, step: $0) }
    #expect(Set(taken.map { [$0.epoch, $0.position] }).count == 13 * 96)
    var times = [Int](repeating: 0, count: 498)
    for place in taken.prefix(1181) { times[place.sample] += 1 }
    #expect((0..<498).allSatisfy { times[$0] == ($0 < 307 ? 1 : $0 < 487 ? 4 : 14) })
    // Each batch has its share of each dataset.
    for step in 0..<13 {
      let samples = taken[step * 96..<(step + 1) * 96].map(\.sample)
      #expect(abs(samples.count { $0 < 307 } - 25) <= 2 && abs(samples.count { $0 >= 487 } - 12) <= 2)
    }
  }

  @Test func aBatchLargerThanAWeightedEpochGoesOnIntoTheNext() throws {
    let plan = try weighted(0, of: 1, microBatch: 1000, batch: 1000)
    #expect(plan.stepsPerEpoch == 1)
    let taken = (0..<3).flatMap { places(plan, step: $0) }
    #expect(Set(taken.map { [$0.epoch, $0.position] }).count == 3000 && taken.last?.epoch == 5)
  }

  /// a batch late in an epoch of 10⁸ samples in 10,000 shards is found as fast as the first.
  @Test func resumingTakesTheSameTimeEverywhere() throws {
    let sizes = [Int](repeating: 10_000, count: 10_000)
    for weights in [nil, "1.5"] {
      let weighted = try weights.map { WeightedOrder(shardSizes: [sizes], weights: try DatasetWeights($0), seed: 1) }
      func seconds(_ share: Int) -> Double {
        let start = ContinuousClock.now
        let plan = BatchPlan(
          shardSizes: sizes, samples: 100_000_000, weighted: weighted, seed: 1, globalBatch: 32_768, microBatch: 256,
          rank: 0, ranks: 128)
        let found = places(plan, step: plan.stepsPerEpoch * share / 100)
        precondition(found.count == 256)
        return start.duration(to: .now) / .seconds(1)
      }
      _ = seconds(0)
      // In turn, so that both see the same machine; other tests run beside them, so more than once if need be.
      var ratios: [Double] = []
      while ratios.count < 6, ratios.last.map({ $0 >= 1.2 }) ?? true {
        let times = (0..<41).map { _ in (early: seconds(0), late: seconds(99)) }
        ratios.append(times.map(\.late).sorted()[20] / times.map(\.early).sorted()[20])
      }
      #expect(ratios.last.map { $0 < 1.2 } == true, "\(ratios)")
    }
  }
}
