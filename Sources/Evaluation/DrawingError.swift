/// A picture could not be drawn.
public struct DrawingError: Error, CustomStringConvertible, Sendable {
  /// What was asked for, what stood in the way, and what to do about it.
  public let description: String
}
