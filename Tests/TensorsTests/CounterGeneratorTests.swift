import Tensors
import Testing

@Suite struct CounterGeneratorTests {
  /// The first known answer of Random123's test suite for philox4x32-10: counter and key zero.
  @Test func givesTheKnownAnswer() {
    var again = CounterGenerator(seed: 0)
    let words = [again.next(), again.next()]
    #expect(
      words.flatMap { [UInt32(truncatingIfNeeded: $0), UInt32($0 >> 32)] } == [
        0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8,
      ])
  }

  @Test func isAFunctionOfItsKey() {
    var a = CounterGenerator(seed: 1, epoch: 2, position: 3), b = CounterGenerator(seed: 1, epoch: 2, position: 3)
    #expect((0..<9).map { _ in a.next() } == (0..<9).map { _ in b.next() })
    var others = [(2, 2, 3), (1, 3, 3), (1, 2, 4)].map { CounterGenerator(seed: $0.0, epoch: $0.1, position: $0.2) }
    #expect(Set(others.indices.map { others[$0].next() }).count == 3)
  }

  @Test func uniformNumbersFillTheirRange() {
    var generator = CounterGenerator(seed: 9)
    let draws = (0..<100_000).map { _ in Double(generator.uniform()) }
    #expect(draws.allSatisfy { $0 >= 0 && $0 < 1 })
    let mean = draws.reduce(0, +) / 100_000
    // Four standard errors of the mean of as many uniform numbers.
    #expect(abs(mean - 0.5) < 4 * 0.2887 / 316.2)
  }
}
