/// Finds candidates, one after the other, always in the same order.
protocol CandidateSource {
  /// The next candidate; nil at the end.
  mutating func next() throws -> Candidate?
}
