import Files

/// How far the inputs of a packing were passed.
struct PackPosition: Codable, Equatable, Sendable {
  /// The number of the input.
  private(set) var input = 0
  /// How many of its candidates were passed, whatever became of them.
  private(set) var candidates = 0
  /// The digest of their marks: of another input it would be another.
  private(set) var marks = Digest(value: 0)

  init(input: Int = 0) {
    self.input = input
  }

  /// Passes the next candidate of the same input.
  mutating func pass(_ mark: Digest) {
    candidates += 1
    marks = Digest(of: Array("\(marks) \(mark)".utf8))
  }

  /// Passes the next candidate, of this input or a later one.
  mutating func pass(_ mark: Digest, of input: Int) {
    if input != self.input { self = PackPosition(input: input) }
    pass(mark)
  }
}
