import Testing
import Training

/// Ranks that all others wait for are named, once, and nobody else is.
@Suite struct StragglersTests {
  /// Warnings after so many steps of the same work.
  private func warnings(_ steps: Int, _ seconds: [Float], _ stragglers: inout Stragglers) -> [String] {
    (0..<steps).compactMap { _ in stragglers.look(seconds) }
  }

  @Test func theSlowOneIsNamedOnce() {
    var stragglers = Stragglers(ranks: 4)
    let found = warnings(100, [0.2, 0.21, 0.2, 0.41], &stragglers)
    #expect(found.count == 1 && found[0].hasPrefix("rank 3 is the straggler: 0.41 s"), "\(found)")
    #expect(found[0].contains("most ranks 0.2 s"))
    let next = warnings(100, [0.9, 0.21, 0.2, 0.2], &stragglers)
    #expect(next.count == 1 && next[0].hasPrefix("rank 0 "), "\(next)")
  }

  @Test(arguments: [[0.2, 0.25], [0.01, 0.025], [0.3, 0.3, 0.29, 0.4]] as [[Float]])
  func smallDifferencesAreNone(seconds: [Float]) {
    var stragglers = Stragglers(ranks: seconds.count)
    #expect(warnings(200, seconds, &stragglers).isEmpty)
  }

  /// One slow step, or a slow beginning, is no straggler.
  @Test func aSlowStepIsForgotten() {
    var stragglers = Stragglers(ranks: 2)
    #expect(warnings(4, [0.2, 9], &stragglers).isEmpty && warnings(60, [0.2, 0.2], &stragglers).isEmpty)
    var calm = Stragglers(ranks: 2)
    #expect(warnings(50, [0.2, 0.2], &calm).isEmpty && warnings(1, [0.2, 0.9], &calm).isEmpty)
  }
}
