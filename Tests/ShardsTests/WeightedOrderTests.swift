import Foundation
import Shards
import Testing

/// Datasets that come at rates of their own: evenly merged, each sample as often as its weight says.
@Suite struct WeightedOrderTests {
  private func order(_ sizes: [[Int]], _ weights: String, seed: UInt64 = 7) throws -> WeightedOrder {
    WeightedOrder(shardSizes: sizes, weights: try DatasetWeights(weights), seed: seed)
  }

  /// How often each sample comes at some positions.
  private func times(_ order: WeightedOrder, _ positions: Range<Int>) -> [Int: Int] {
    Dictionary(grouping: order.draws(at: positions), by: \.sample).mapValues(\.count)
  }

  @Test func wholeWeightsAreTimesAnEpoch() throws {
    let order = try order([[40, 60], [30, 7], [11]], "2,1,5")
    #expect(order.samplesPerEpoch == 200 + 37 + 55)
    for epoch in [0, 1, 9] {
      let draws = order.draws(at: epoch * 292..<(epoch + 1) * 292)
      #expect(draws.map(\.epoch) == Array(repeating: epoch, count: 292) && draws.map(\.place) == Array(0..<292))
      let times = Dictionary(grouping: draws, by: \.sample).mapValues(\.count)
      #expect((0..<148).allSatisfy { times[$0] == ($0 < 100 ? 2 : $0 < 137 ? 1 : 5) })
    }
  }

  @Test func fractionsTakeTurns() throws {
    let order = try order([[100, 3], [50]], "0.25,1.5")
    // Epochs of 25.75 + 75 samples.
    #expect(order.samplesPerEpoch == 100)
    let four = times(order, 0..<403)
    #expect((0..<103).allSatisfy { four[$0] == 1 } && (103..<153).allSatisfy { four[$0] == 6 })
    // The parts of the four epochs differ, and are another time cut elsewhere.
    let parts = (0..<4).map { epoch in
      Set(order.draws(at: 0..<403).filter { $0.epoch == epoch && $0.sample < 103 }.map(\.sample))
    }
    #expect(parts.map(\.count).sorted() == [25, 26, 26, 26] && parts.reduce(Set()) { $0.union($1) }.count == 103)
    for epoch in 0..<4 {
      let times = Dictionary(grouping: order.draws(at: 0..<403).filter { $0.epoch == epoch }, by: \.sample)
      #expect((103..<153).allSatisfy { (1...2).contains(times[$0]?.count ?? 0) })
    }
    // Ten passes of a dataset a tenth of which comes each time, whatever binary fractions make of a tenth.
    let tenth = try self.order([[1_000], [10]], "0.1,1")
    #expect(times(tenth, 0..<1_100).allSatisfy { $1 == ($0 < 1000 ? 1 : 10) })
  }

  /// The rule, by sorting times as fractions.
  @Test func datasetsAreMergedEvenly() throws {
    let sizes = [[12], [5, 2], [1], [30]], weights = "1,3,2,0.5", rates = [12, 21, 2, 15]
    let order = try order(sizes, weights)
    var expected: [(time: Double, dataset: Int)] = []
    for (dataset, rate) in rates.enumerated() {
      for index in 0..<rate { expected.append(((Double(index) + 0.5) / Double(rate), dataset)) }
    }
    expected.sort { abs($0.time - $1.time) > 1e-12 ? $0.time < $1.time : $0.dataset < $1.dataset }
    let starts = [0, 12, 19, 20, 50]
    let found = order.draws(at: 0..<50).map { draw in starts.lastIndex { $0 <= draw.sample } ?? -1 }
    #expect(found == expected.map(\.dataset))
    // Any stretch has its share of each, to within one for each dataset.
    for length in [8, 16, 25] {
      for first in 0..<50 {
        let stretch = order.draws(at: first..<first + length).map { draw in starts.lastIndex { $0 <= draw.sample } ?? -1
        }
        for (dataset, rate) in rates.enumerated() {
          let share = Double(length * rate) / 50
          #expect(abs(Double(stretch.count { $0 == dataset }) - share) <= 4)
        }
      }
    }
  }

  /// Draws of a stretch are those of its parts, however far out, and each has a place of its own.
  @Test func positionsNeedNoHistory() throws {
    let order = try order([[1000, 700], [300], [9]], "0.7,2.000001,33")
    for start in [0, 12_345, 1_000_000_007, 1 << 60] {
      let whole = order.draws(at: start..<start + 500)
      let parts = stride(from: start, to: start + 500, by: 7).flatMap { order.draws(at: $0..<min($0 + 7, start + 500)) }
      #expect(whole == parts)
      #expect(Set(whole.map { [$0.epoch, $0.place] }).count == 500)
      for (one, next) in zip(whole, whole.dropFirst()) {
        #expect(next.epoch == one.epoch ? next.place == one.place + 1 : next.epoch == one.epoch + 1 && next.place == 0)
      }
    }
  }

  @Test func epochsMayBeEmpty() throws {
    let order = try order([[3], [1]], "0.1,0.8")
    let draws = order.draws(at: 0..<110)
    #expect(times(order, 0..<110) == [0: 10, 1: 10, 2: 10, 3: 80])
    #expect(draws.last?.epoch == 99 && Set(draws.map { [$0.epoch, $0.place] }).count == 110)
  }

  /// Datasets of equal sizes come in orders of their own, other passes and seeds too.
  @Test func ordersDiffer() throws {
    func first(_ dataset: Int, _ seed: UInt64, _ pass: Int) throws -> [Int] {
      let draws = try order([[64], [64]], "1,1", seed: seed).draws(at: pass * 128..<(pass + 1) * 128)
      return draws.map(\.sample).filter { $0 / 64 == dataset }.map { $0 % 64 }
    }
    var orders: Set<[Int]> = []
    for dataset in 0..<2 {
      for seed in 0..<3 { for pass in 0..<3 { orders.insert(try first(dataset, UInt64(seed), pass)) } }
    }
    #expect(orders.count == 18)
  }

  /// Two epochs by the second implementation, in `Fixtures/make-fixtures.py`.
  @Test func equalsTheOrderComputedInPython() throws {
    let order = try order([[5, 3], [9], [2]], "0.6,2,1")
    let expected = [
      12, 9, 4, 13, 11, 14, 18, 8, 16, 3, 15, 10, 15, 16, 0, 14, 10, 9, 17, 13, 8, 7, 12, 11, 11, 10, 5, 16,
      8, 12, 17, 1, 14, 9, 15, 13, 2, 15, 11, 13, 8, 6, 10, 18, 16, 9, 2, 14, 12,
    ]
    #expect(order.draws(at: 0..<expected.count).map(\.sample) == expected)
  }

  @Test(arguments: [
    ("2,0.5", "2,0.5"), ("1", "1"), ("1e1,0.000001", "10,0.000001"), ("10000,0.10", "10000,0.1"), ("1.5,07", "1.5,7"),
  ]) func weightsAreRead(text: String, description: String) throws {
    let weights = try DatasetWeights(text)
    #expect(weights.description == description)
    #expect(try JSONDecoder().decode([DatasetWeights].self, from: JSONEncoder().encode([weights])) == [weights])
  }

  @Test(arguments: ["", "1,", "0", "-1", "nan", "inf", "1e300", "10000.1", "1e-7", "two", "1;2", "1, 2"])
  func otherWeightsAreRefused(text: String) {
    let flaw = #expect(throws: DatasetWeights.Flaw.self) { try DatasetWeights(text) }
    #expect(flaw?.description.contains("expected a number from 0.000001 to 10000") == true)
  }
}
