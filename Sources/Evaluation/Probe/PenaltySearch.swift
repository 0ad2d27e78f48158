import Foundation

/// The search for the strength λ = 1/C of the penalty that CLIP's linear probes make (paper, appendix A.3): 97 values from
/// 10⁻⁶ to 10⁶, of which every sixteenth is tried first, and then those around the best in ever smaller distances.
package enum PenaltySearch {
  /// What became of one value.
  package struct Trial: Equatable, Sendable {
    /// The number of the value, from 0 for λ = 10⁻⁶.
    package let number: Int
    /// The figure on the validation split.
    package let score: Double
    /// Steps of the fit.
    package let iterations: Int

    /// What was found.
    package init(number: Int, score: Double, iterations: Int) {
      self.number = number
      self.score = score
      self.iterations = iterations
    }
  }

  private static let last = 96
  private static let valuesOfDecade = 8.0
  private static let firstStride = 16
  private static let spans = [8, 4, 2, 1]

  /// The inverse of a value.
  package static func c(_ number: Int) -> Double { pow(10, 6 - Double(number) / valuesOfDecade) }

  /// Searches. Of equally good values the largest λ is the best.
  ///
  /// - Parameter trials: tries values that can be tried at once, in order.
  /// - Returns: the number of the best value, and all that were tried, ascending.
  package static func best(_ trials: ([Int]) throws -> [Trial]) rethrows -> (number: Int, trials: [Trial]) {
    var known: [Int: Trial] = [:], best = 0
    func examine(_ numbers: [Int]) throws {
      let new = numbers.filter { (0...last).contains($0) && known[$0] == nil }
      for trial in new.isEmpty ? [] : try trials(new) { known[trial.number] = trial }
      best = known.values.max { ($0.score, $0.number) < ($1.score, $1.number) }?.number ?? best
    }
    try examine(Array(stride(from: 0, through: last, by: firstStride)))
    for span in spans { try examine([best - span, best + span]) }
    return (best, known.values.sorted { $0.number < $1.number })
  }
}
