/// Packing cannot start, or found nothing to pack.
public struct PackError: Error, CustomStringConvertible, Sendable {
  /// What was found, what was expected, and what to do about it.
  public let description: String

  init(_ description: String) {
    self.description = description
  }
}
