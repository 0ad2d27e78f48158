import Benchmarks
import Testing

@Suite struct CaptionLengthsTests {
  private func lengths(_ numbers: Range<Int>, context: Int = 77) -> [Int] {
    numbers.map { CaptionLengths.real.length(of: $0, context: context) }
  }

  @Test(arguments: [(0, 32), (32, 32), (1000, 100), (7, 512), (0, 32768)])
  func theMeanIs20ForAnyRunOfCaptions(first: Int, count: Int) {
    let found = lengths(first..<first + count)
    let mean = Double(found.reduce(0, +)) / Double(count)
    // Thirty-two captions cannot meet the tail exactly.
    #expect(abs(mean - CaptionLengths.mean) < (count < 500 ? 1.5 : 0.5), "mean \(mean)")
  }

  @Test func lengthsSpreadLikeCaptions() {
    let found = lengths(0..<10_000).sorted()
    #expect(found[0] == 4 && found[9_999] == 77)
    // The quantiles of 4 + a negative binomial of two failures with probability 1/9.
    #expect(found[2_500] == 11 && found[5_000] == 17 && found[7_500] == 26)
  }

  @Test func aLengthIsAFunctionOfItsNumber() {
    #expect(lengths(0..<8) == lengths(0..<100).prefix(8).map { $0 })
    #expect(lengths(0..<8) == [21, 11, 32, 17, 7, 24, 13, 42])
    #expect(lengths(0..<100, context: 16).max() == 16)
    #expect(lengths(0..<100, context: 16) == lengths(0..<100).map { min($0, 16) })
  }

  @Test func exactLengthsAreExact() {
    #expect((0..<9).allSatisfy { CaptionLengths.exactly(20).length(of: $0, context: 77) == 20 })
    #expect(CaptionLengths.exactly(20).length(of: 0, context: 16) == 16)
  }
}
