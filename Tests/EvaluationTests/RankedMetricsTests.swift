import Evaluation
import Tensors
import Testing

@Suite struct RankedMetricsTests {
  private let scores = [0.9, 0.8, 0.8, 0.8, 0.7, 0.5, 0.5, 0.3, 0.3, 0.1]

  /// By scikit-learn 1.9.1: average_precision_score and roc_auc_score of these scores, many of which are equal.
  @Test(arguments: [
    ([1, 0, 1, 0, 0, 1, 1, 0, 1, 0], 0.6396825396825396, 0.5800000000000001),
    ([0, 0, 0, 0, 0, 0, 0, 0, 0, 1], 0.1, 0.0),
    ([1, 1, 1, 1, 1, 1, 1, 1, 1, 0], 1.0, 1.0),
    ([0, 1, 0, 0, 0, 1, 0, 0, 0, 0], 0.26785714285714285, 0.59375),
  ]) func figuresAreScikitLearns(truths: [Int], precision: Double, area: Double) throws {
    let found = RankedMetrics(scores: scores) { truths[$0] == 1 }
    #expect(abs(try #require(found.averagePrecision) - precision) < 1e-15)
    #expect(abs(try #require(found.rocAUC) - area) < 1e-15)
  }

  @Test func whatIsNotDefinedHasNoFigure() {
    let none = RankedMetrics(scores: scores) { _ in false }
    #expect(none.averagePrecision == nil && none.rocAUC == nil)
    let all = RankedMetrics(scores: scores) { _ in true }
    #expect(all.averagePrecision == 1 && all.rocAUC == nil)
  }

  /// Against the definitions, pair by pair and threshold by threshold.
  @Test func figuresAreThoseOfTheDefinitions() throws {
    var generator = CounterGenerator(seed: 8, stream: 0)
    let scores = (0..<300).map { _ in Double(generator.next() % 40) }
    let truths = (0..<300).map { _ in generator.next() % 4 == 0 }
    let positives = scores.indices.filter { truths[$0] }, others = scores.indices.filter { !truths[$0] }
    let pairs = positives.flatMap { p in others.map { scores[p] > scores[$0] ? 1 : scores[p] == scores[$0] ? 0.5 : 0 } }
    let precisions = positives.map { p in
      Double(positives.count { scores[$0] >= scores[p] }) / Double(scores.count { $0 >= scores[p] })
    }
    let found = RankedMetrics(scores: scores) { truths[$0] }
    #expect(abs(try #require(found.rocAUC) - pairs.reduce(0, +) / Double(pairs.count)) < 1e-12)
    #expect(abs(try #require(found.averagePrecision) - precisions.reduce(0, +) / Double(positives.count)) < 1e-12)
  }
}
