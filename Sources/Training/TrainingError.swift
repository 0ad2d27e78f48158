/// Training cannot go on.
public struct TrainingError: Error, CustomStringConvertible, Sendable {
  /// What happened and what to do.
  public let description: String

  init(_ description: String) {
    self.description = description
  }
}
