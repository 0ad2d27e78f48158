import Collectives

/// Pictures that an evaluation had to leave out because they cannot be decoded.
public struct Undecodable: Equatable, Sendable {
  /// How many, on all ranks.
  public let count: Int
  /// The first few of them, a line each with the reason; on the first rank.
  public let examples: [String]

  private static let mostExamples = 3

  /// Adds up what all ranks found.
  ///
  /// - Parameter own: a line for each picture this rank left out.
  init(_ own: [String], in world: any Communicator) throws {
    count = Int(try world.sum(Double(own.count)))
    let lines = own.prefix(Self.mostExamples).map { $0.replacing("\n", with: " ") + "\n" }
    let all = try world.collect(Array(lines.joined().utf8))
    examples = Array(
      all.flatMap { String(decoding: $0, as: UTF8.self).split(separator: "\n").map(String.init) }
        .prefix(Self.mostExamples))
  }

  /// What to tell of them; nil where there are none.
  public var warning: String? {
    guard count > 0 else { return nil }
    let rest = count > examples.count ? "; …" : ""
    return "\(count) picture\(count == 1 ? "" : "s") cannot be decoded and \(count == 1 ? "is" : "are") left out: "
      + examples.joined(separator: "; ") + rest
  }
}
