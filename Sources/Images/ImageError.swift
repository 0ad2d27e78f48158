/// Some bytes could not become a picture.
///
/// The bytes have no name here; whoever read them from a file or a shard adds it.
public struct ImageError: Error, CustomStringConvertible, Sendable {
  /// Why; what a packer counts dropped samples by.
  public enum Reason: String, Sendable, CaseIterable {
    /// There are no bytes.
    case empty = "empty file"
    /// The first bytes are of none of the formats read here.
    case unknownFormat = "unknown format"
    /// The file ends before the picture does.
    case truncated = "truncated"
    /// The file breaks the rules of its format.
    case corrupt = "corrupt"
    /// More pixels than the limit.
    case tooLarge = "too large"
  }

  /// Why, for counting.
  public let reason: Reason
  /// What was found and what was expected, for reading.
  public let detail: String

  init(_ reason: Reason, _ detail: String) {
    self.reason = reason
    self.detail = detail
  }

  /// One line: the reason, then the detail.
  public var description: String { "\(reason.rawValue): \(detail)" }
}
