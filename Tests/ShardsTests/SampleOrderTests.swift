import Shards
import Testing

/// The order is a pure function: each sample once an epoch, the same for any number of ranks.
@Suite struct SampleOrderTests {
  /// Values of the second implementation, in `Fixtures/make-fixtures.py`.
  @Test func equalsTheOrderComputedInPython() {
    func order(_ epoch: Int) -> [Int] {
      let order = SampleOrder(shardSizes: [5, 3, 9], seed: 7, epoch: epoch)
      return (0..<17).map { order.sample(at: $0) }
    }
    #expect(SampleOrder.version == 1)
    #expect(order(0) == [4, 3, 15, 16, 5, 7, 8, 2, 6, 1, 9, 0, 13, 14, 11, 12, 10])
    #expect(order(1) == [5, 2, 1, 11, 16, 7, 12, 0, 14, 8, 3, 15, 13, 9, 10, 6, 4])
    let large = SampleOrder(shardSizes: Array(repeating: 9973, count: 100) + [3003], seed: 42, epoch: 3)
    #expect(
      [0, 1, 2, 262_144, 500_000, 1_000_302].map { large.sample(at: $0) }
        == [638_176, 621_540, 446_734, 694_370, 671_879, 885_818])
  }

  ///
  @Test func eachSampleComesOncePerEpoch() {
    let sizes = Array(repeating: 10_000, count: 61) + Array(repeating: 4_999, count: 78) + [81]
    let count = sizes.reduce(0, +)
    #expect(count == 1_000_003)
    for epoch in [0, 1] {
      let order = SampleOrder(shardSizes: sizes, seed: 1, epoch: epoch)
      var seen = [Bool](repeating: false, count: count)
      for position in 0..<count { seen[order.sample(at: position)] = true }
      #expect(order.count == count && seen.allSatisfy { $0 })
    }
  }

  /// Any sizes, the odd ones included.
  @Test func smallDatasetsAreWhole() {
    for sizes in [[1], [2], [3], [1, 1], [7, 1, 300], [5, 3, 9], Array(repeating: 1, count: 1000)] {
      for seed in 0..<20 {
        let order = SampleOrder(shardSizes: sizes, seed: UInt64(seed), epoch: seed)
        #expect((0..<order.count).map { order.sample(at: $0) }.sorted() == Array(0..<order.count))
      }
    }
  }

  @Test func aStepHasTheSameSamplesForAnyNumberOfRanks() {
    let batch = 64
    func step(_ step: Int, ranks: Int) -> [Int] {
      (0..<ranks).flatMap { rank in
        // Each rank makes the order for itself.
        let order = SampleOrder(shardSizes: [3000, 2000, 1], seed: 5, epoch: 2)
        let start = step * batch + rank * batch / ranks
        return (start..<start + batch / ranks).map { order.sample(at: $0) }
      }
    }
    for number in [0, 1, 77] {
      let alone = step(number, ranks: 1)
      for ranks in [2, 4, 8] { #expect(step(number, ranks: ranks) == alone) }
    }
  }

  /// Chi-square over 20 × 20 cells of (position, sample); 361 degrees of freedom: mean 361, deviation 27.
  @Test func ordersLookRandom() {
    for (seed, epoch) in [(0, 0), (0, 1), (1, 0), (123_456_789, 31)] {
      let sizes = Array(repeating: 1000, count: 100)
      let order = SampleOrder(shardSizes: sizes, seed: UInt64(seed), epoch: epoch)
      var cells = [Double](repeating: 0, count: 400)
      var repeats = 0
      for position in 0..<order.count {
        let sample = order.sample(at: position)
        cells[position / 5000 * 20 + sample / 5000] += 1
        if position > 0, order.sample(at: position - 1) / 1000 == sample / 1000 { repeats += 1 }
      }
      let chiSquare = cells.reduce(0) { $0 + ($1 - 250) * ($1 - 250) / 250 }
      #expect((361 - 5 * 27..<361 + 5 * 27).contains(chiSquare))
      // Neighbours come from the same of 100 shards once in a hundred times: 1000 ± 31.
      #expect((850..<1150).contains(repeats))
    }
  }

  @Test func epochsAndSeedsDiffer() {
    func start(_ seed: UInt64, _ epoch: Int) -> [Int] {
      let order = SampleOrder(shardSizes: [1000, 1000], seed: seed, epoch: epoch)
      return (0..<100).map { order.sample(at: $0) }
    }
    let starts = Set((0..<10).flatMap { seed in (0..<10).map { start(UInt64(seed), $0) } })
    #expect(starts.count == 100)
  }

  /// A window of at least 2¹⁸ samples takes from no more shards than it needs.
  @Test func windowsKeepReadingLocal() {
    let sizes = Array(repeating: 10_000, count: 100)
    let order = SampleOrder(shardSizes: sizes, seed: 3, epoch: 0)
    #expect(Set((0..<262_144).map { order.sample(at: $0) / 10_000 }).count == 27)
    #expect(Set((0..<order.count).map { order.sample(at: $0) / 10_000 }).count == 100)
  }
}
