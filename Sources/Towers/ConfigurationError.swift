/// A field of a configuration has a value it cannot have.
public struct ConfigurationError: Error, CustomStringConvertible, Sendable, Equatable {
  /// The path of keys to the field, as in `vision_cfg.width`.
  public let field: String
  /// What was found and what was expected.
  public let reason: String

  /// - Parameters:
  ///   - field: the path of keys to the field.
  ///   - reason: what was found and what was expected.
  public init(_ field: String, _ reason: String) {
    self.field = field
    self.reason = reason
  }

  /// One line: the field, then the reason.
  public var description: String { "\(field): \(reason)" }
}
