import Collectives

/// Pictures that an evaluation had to leave out.
public struct LeftOut: Equatable, Sendable {
  /// How many, on all ranks.
  public let count: Int
  /// The first few of them, a line each; on the first rank.
  private let examples: [String]

  private static let mostExamples = 3

  /// Adds up what all ranks left out.
  ///
  /// - Parameter own: a line for each picture of this rank.
  init(_ own: [String], in world: any Communicator) throws {
    count = Int(try world.sum(Double(own.count)))
    let lines = own.prefix(Self.mostExamples).map { $0.replacing("\n", with: " ") + "\n" }
    let all = try world.collect(Array(lines.joined().utf8))
    examples = Array(
      all.flatMap { String(decoding: $0, as: UTF8.self).split(separator: "\n").map(String.init) }
        .prefix(Self.mostExamples))
  }

  /// What to tell of them, on the first rank; nil where there are none.
  ///
  /// - Parameter which: as in "that cannot be decoded".
  public func warning(_ which: String) -> String? {
    guard count > 0 else { return nil }
    return "\(count) picture\(count == 1 ? "" : "s") \(which) \(count == 1 ? "is" : "are") left out: "
      + examples.joined(separator: "; ") + (count > examples.count ? "; …" : "")
  }
}
