import Evaluation
import Foundation
import Testing

@Suite struct PenaltySearchTests {
  /// Searches with known scores, and keeps what was asked for.
  private static func search(_ score: (Int) -> Double) -> (number: Int, asked: [[Int]]) {
    var asked: [[Int]] = []
    let found = PenaltySearch.best { numbers in
      asked.append(numbers)
      return numbers.map { PenaltySearch.Trial(number: $0, score: score($0), iterations: 1) }
    }
    #expect(found.trials.map(\.number) == asked.flatMap(\.self).sorted())
    return (found.number, asked)
  }

  /// Every place of the best of scores that rise to it and fall behind it.
  @Test func thePeakIsFound() {
    for peak in 0...96 {
      let (number, asked) = Self.search { -Double(abs($0 - peak)) }
      #expect(number == peak)
      #expect(asked[0] == [0, 16, 32, 48, 64, 80, 96] && asked.joined().count <= 15)
      #expect(
        asked.allSatisfy { $0.allSatisfy((0...96).contains) } && Set(asked.joined()).count == asked.joined().count)
    }
  }

  @Test func ofEqualsTheStrongestPenaltyIsTaken() {
    #expect(Self.search { _ in 0.5 }.number == 96)
    let (number, asked) = Self.search { $0 <= 40 ? 0.7 : 0.6 }
    #expect(number == 40 && asked == [[0, 16, 32, 48, 64, 80, 96], [24, 40], [36, 44], [38, 42], [39, 41]])
  }

  @Test func valuesAreEightOfADecade() {
    #expect(PenaltySearch.c(0) == 1e6 && PenaltySearch.c(48) == 1 && abs(PenaltySearch.c(96) - 1e-6) < 1e-20)
    #expect(abs(PenaltySearch.c(40) - 10) < 1e-12)
  }

  @Test func whereTheProbeIsAsGoodLiesBetweenNumbersOfExamples() throws {
    let known = [(1, 0.2), (4, 0.4), (16, 0.6)].map { FewShotReport.Shots($0, scores: [$1, $1], cs: [1, 1]) }
    #expect(abs(try #require(FewShotReport.shots(for: 0.3, among: known)) - 2) < 1e-12)
    #expect(abs(try #require(FewShotReport.shots(for: 0.6, among: known)) - 16) < 1e-12)
    #expect(FewShotReport.shots(for: 0.1, among: known) == 1 && FewShotReport.shots(for: 0.7, among: known) == nil)
    #expect(known[0].standardDeviation == 0)
    #expect(FewShotReport.Shots(1, scores: [0.5], cs: [1]).standardDeviation == nil)
  }
}
