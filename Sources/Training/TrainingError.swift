/// Training cannot go on.
public struct TrainingError: Error, CustomStringConvertible, Sendable {
  /// What happened and what to do.
  public let description: String
  /// Whether every rank finds the same.
  public let isShared: Bool

  init(_ description: String, isShared: Bool = false) {
    self.description = description
    self.isShared = isShared
  }
}
