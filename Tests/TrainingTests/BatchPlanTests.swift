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
}
