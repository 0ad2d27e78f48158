import Testing
import Training

@Suite struct PairwiseSumTests {
  /// The additions that sum some terms, with parentheses.
  private func additions(_ terms: Range<Int>) -> String {
    var blocks = [String](repeating: "", count: PairwiseSum.blocks(for: terms.count)), most = 0
    PairwiseSum.sum(terms) { term, block in
      blocks[block] = "\(term)"
      most = max(most, block)
    } add: { block, target in
      blocks[target] = "(\(blocks[target]) + \(blocks[block]))"
    }
    #expect(most == blocks.count - 1, "\(blocks.count) blocks for \(terms.count) terms")
    return blocks[0]
  }

  private func additions(of parts: [String]) -> String {
    var parts = parts
    PairwiseSum.sum(parts.count) { parts[$1] = "(\(parts[$1]) + \(parts[$0]))" }
    return parts[0]
  }

  @Test func halvesComeFirst() {
    #expect(additions(0..<1) == "0")
    #expect(additions(0..<5) == "((0 + 1) + (2 + (3 + 4)))")
    #expect(additions(of: ["0", "1", "2", "3"]) == additions(0..<4))
    #expect([1, 2, 3, 4, 5, 8, 9].map { PairwiseSum.blocks(for: $0) } == [1, 2, 3, 3, 4, 4, 5])
  }

  @Test(arguments: [1, 2, 3, 7, 8], [1, 2, 4, 8, 64]) func ranksHaveWholePartsOfIt(own: Int, ranks: Int) {
    let parts = (0..<ranks).map { additions($0 * own..<($0 + 1) * own) }
    #expect(additions(of: parts) == additions(0..<own * ranks))
  }
}
