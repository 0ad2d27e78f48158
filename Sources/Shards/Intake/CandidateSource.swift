/// Finds candidates, one after the other, always in the same order.
protocol CandidateSource {
  /// The next candidate; nil at the end.
  mutating func next() throws -> Candidate?
  /// How much of the source was passed, from 0 to 1, as far as can be told without looking ahead.
  var fraction: Double { get }
}
