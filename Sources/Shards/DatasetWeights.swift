/// How often each sample of each of several datasets comes in an epoch, on average.
///
/// Weights are counted in millionths, so that what a person writes with up to six decimals is meant exactly.
public struct DatasetWeights: Equatable, Sendable, CustomStringConvertible {
  /// What is wrong with weights.
  public struct Flaw: Error, CustomStringConvertible, Sendable {
    /// What was found and what was expected.
    public let description: String
  }

  /// The weights, in millionths.
  let millionths: [Int]
  /// How many there are.
  public var count: Int { millionths.count }

  static let unit = 1_000_000
  private static let most = 10_000

  /// Reads weights separated by commas, as in `2,0.5`.
  ///
  /// - Throws: ``Flaw`` for what is no number, or none from a millionth to ten thousand.
  public init(_ text: String) throws {
    millionths = try text.split(separator: ",", omittingEmptySubsequences: false).map { part in
      let expected = "expected a number from 0.000001 to \(Self.most), one for each dataset, as in 2,0.5"
      guard let weight = Double(part) else { throw Flaw(description: "found \"\(part)\", \(expected)") }
      let scaled = (weight * Double(Self.unit)).rounded()
      guard scaled >= 1, scaled <= Double(Self.most * Self.unit) else {
        throw Flaw(description: "found \(part), \(expected)")
      }
      return Int(scaled)
    }
  }

  /// The weights as they are read.
  public var description: String {
    millionths.map { weight in
      let (whole, rest) = weight.quotientAndRemainder(dividingBy: Self.unit)
      guard rest > 0 else { return "\(whole)" }
      var decimals = String(String(Self.unit + rest).dropFirst())
      while decimals.last == "0" { decimals.removeLast() }
      return "\(whole).\(decimals)"
    }
    .joined(separator: ",")
  }
}

extension DatasetWeights: Codable {
  /// Reads the form ``description`` writes.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    do {
      try self.init(container.decode(String.self))
    } catch let flaw as Flaw {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: flaw.description)
    }
  }

  /// Writes ``description``.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
