/// The candidates of several inputs, one input behind the other; each is opened when its turn comes.
struct InputChain: CandidateSource {
  private var waiting: ArraySlice<PackInput>
  private var current: (any CandidateSource)?

  init(_ inputs: [PackInput]) {
    waiting = inputs[...]
  }

  mutating func next() throws -> Candidate? {
    while true {
      if let candidate = try current?.next() { return candidate }
      guard let input = waiting.popFirst() else { return nil }
      current = try input.source()
    }
  }
}
