/// The candidates of several inputs, one input behind the other; each is opened when its turn comes.
struct InputChain: CandidateSource {
  private let inputs: [PackInput]
  private var current: (any CandidateSource)?
  /// The number of the input that is open, or comes next.
  private var number: Int
  /// What was passed already by an earlier command, and is looked at only to see that it is the same.
  private var passed: PackPosition?

  /// - Parameters:
  ///   - inputs: what is read.
  ///   - start: where an earlier command stopped.
  init(_ inputs: [PackInput], from start: PackPosition = PackPosition()) {
    self.inputs = inputs
    number = start.input
    passed = start
  }

  var fraction: Double {
    inputs.isEmpty ? 1 : (Double(number) + (current?.fraction ?? 0)) / Double(inputs.count)
  }

  mutating func next() throws -> Candidate? {
    if let start = passed {
      passed = nil
      try pass(start)
    }
    while true {
      if var candidate = try current?.next() {
        candidate.input = number
        candidate.fraction = fraction
        return candidate
      }
      if current != nil {
        current = nil
        number += 1
      }
      guard number < inputs.count else { return nil }
      current = try inputs[number].source()
    }
  }

  /// Goes by the candidates that were packed already.
  private mutating func pass(_ start: PackPosition) throws {
    guard start.candidates > 0 else { return }
    var source = try inputs[start.input].source()
    var position = PackPosition(input: start.input)
    while position.candidates < start.candidates, let candidate = try source.next() {
      position.pass(candidate.mark)
    }
    guard position == start else {
      throw Self.refusal(inputs[start.input], "its first \(start.candidates) samples are others now")
    }
    current = source
  }

  /// Refuses an input that was passed whole if it is not what it was then.
  static func prove(_ input: PackInput, endsAt end: PackPosition) throws {
    var source = try input.source()
    var position = PackPosition(input: end.input)
    while let candidate = try source.next() { position.pass(candidate.mark) }
    guard position == end else {
      throw refusal(input, "it had \(end.candidates) samples, of which some are others now, or more or fewer")
    }
  }

  private static func refusal(_ input: PackInput, _ difference: String) -> PackRefusal {
    PackRefusal(
      input.path,
      "is not what it was when packing began: \(difference); remove the unfinished dataset and pack again")
  }
}
