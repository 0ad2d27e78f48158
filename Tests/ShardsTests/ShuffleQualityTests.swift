import Foundation
import Shards
import Testing

/// how well the two levels of ``SampleOrder`` shuffle, beside a true shuffle and beside MosaicML's py1e.
@Suite struct ShuffleQualityTests {
  /// Three windows of 263 shards.
  private static let shards = 3 * 263
  private static let shardSize = 1000
  private static let samples = shards * shardSize

  /// Our order, as sample numbers by position.
  private func ours(seed: UInt64) -> [Int] {
    let order = SampleOrder(
      shardSizes: Array(repeating: Self.shardSize, count: Self.shards), seed: seed, epoch: 0)
    return (0..<Self.samples).map { order.sample(at: $0) }
  }

  /// What a window holds, shuffled as a whole by Fisher and Yates.
  private func shuffled(window: [Int], seed: UInt64) -> [Int] {
    var generator = SystemlessGenerator(state: seed)
    return window.shuffled(using: &generator)
  }

  /// py1e for one canonical node, from its definition: shards in random order, the samples of each in random order; then
  /// each sample is shifted by up to half of a block less its shard, blocks being 0.75 to 1.25 times 2¹⁸, and all are
  /// sorted by where that puts them.
  private func py1e(seed: UInt64) -> [Int] {
    var generator = SystemlessGenerator(state: seed)
    let size = Self.shardSize, block = Double(SampleOrder.windowSamples)
    var placed: [(place: Double, sample: Int)] = []
    placed.reserveCapacity(Self.samples)
    for shard in (0..<Self.shards).shuffled(using: &generator) {
      let room = (Double.random(in: 0.75..<1.25, using: &generator) * block - Double(size)) / 2
      let before = placed.count
      let lowest = max(-room, -Double(before)), highest = min(room, Double(Self.samples - before - size))
      for (place, sample) in (0..<size).shuffled(using: &generator).enumerated() {
        let shift = Double.random(in: lowest...highest, using: &generator)
        placed.append((Double(before + place) + shift, shard * size + sample))
      }
    }
    return placed.sorted { $0.place < $1.place }.map(\.sample)
  }

  private func entropy(_ counts: some Sequence<Int>) -> Double {
    let total = Double(counts.reduce(0, +))
    return counts.reduce(0) { $1 == 0 ? $0 : $0 - Double($1) / total * log2(Double($1) / total) }
  }

  /// Bits by which the shards of 1024 samples in a row differ, on average.
  private func batchEntropy(_ order: [Int]) -> Double {
    let batch = 1024, batches = order.count / batch
    let sum = (0..<batches).reduce(0.0) { sum, number in
      var counts = [Int](repeating: 0, count: Self.shards)
      for sample in order[number * batch..<(number + 1) * batch] { counts[sample / Self.shardSize] += 1 }
      return sum + entropy(counts)
    }
    return sum / Double(batches)
  }

  /// Bits of the pairs of neighbours, by which fortieth of the shards each is from.
  private func neighbourEntropy(_ order: [Int]) -> Double {
    let groups = 40
    var counts = [Int](repeating: 0, count: groups * groups)
    for (one, next) in zip(order, order.dropFirst()) {
      counts[one * groups / Self.samples * groups + next * groups / Self.samples] += 1
    }
    return entropy(counts)
  }

  /// Chi-square of 100 stretches of positions against shards, over its degrees of freedom: 1 if they are independent.
  private func chiSquare(_ window: [Int]) -> Double {
    let stretches = 100, shards = Set(window.map { $0 / Self.shardSize }).sorted()
    let columns = Dictionary(uniqueKeysWithValues: shards.enumerated().map { ($1, $0) })
    var cells = [Double](repeating: 0, count: stretches * shards.count)
    for (position, sample) in window.enumerated() {
      guard let column = columns[sample / Self.shardSize] else { continue }
      cells[position * stretches / window.count * shards.count + column] += 1
    }
    let expected = Double(window.count) / Double(cells.count)
    let sum = cells.reduce(0) { $0 + ($1 - expected) * ($1 - expected) / expected }
    return sum / Double((stretches - 1) * (shards.count - 1))
  }

  @Test func shardsAreAsMixedAsByPy1e() {
    let ours = ours(seed: 1), theirs = py1e(seed: 2)
    #expect(theirs.sorted() == Array(0..<Self.samples))
    let batches = (batchEntropy(ours), batchEntropy(theirs))
    #expect(abs(batches.0 / batches.1 - 1) < 0.05, "\(batches)")
    let neighbours = (neighbourEntropy(ours), neighbourEntropy(theirs))
    #expect(abs(neighbours.0 / neighbours.1 - 1) < 0.05, "\(neighbours)")
    // What is shuffled only a little is told apart: shards one behind the other, each shuffled.
    let poor = (0..<Self.shards).flatMap { shard in
      shuffled(window: Array(shard * Self.shardSize..<(shard + 1) * Self.shardSize), seed: UInt64(shard))
    }
    #expect(batchEntropy(poor) < 0.5 * batches.0 && neighbourEntropy(poor) < 0.6 * neighbours.0)
  }

  @Test func aWindowIsAsMixedAsByATrueShuffle() {
    let window = Array(ours(seed: 3).prefix(263 * Self.shardSize))
    #expect(Set(window.map { $0 / Self.shardSize }).count == 263)
    let whole = shuffled(window: window.sorted(), seed: 4)
    // 25,938 degrees of freedom: the deviation is 0.009.
    let found = (chiSquare(window), chiSquare(whole))
    #expect(abs(found.0 - 1) < 0.045 && abs(found.1 - 1) < 0.045, "\(found)")
    let entropies = (batchEntropy(window), batchEntropy(whole))
    #expect(abs(entropies.0 / entropies.1 - 1) < 0.002, "\(entropies)")
    // As often as chance has it, a neighbour is from the same shard, and is the sample next to it.
    let pairs = Array(zip(window, window.dropFirst()))
    let repeats = pairs.count { $0 / Self.shardSize == $1 / Self.shardSize }
    #expect((850...1150).contains(repeats), "\(repeats), expected 999 of 263 shards")
    #expect(pairs.count { abs($0 - $1) == 1 } < 14, "expected 2")
    #expect(chiSquare(window.sorted()) > 50)
  }
}
