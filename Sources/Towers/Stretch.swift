/// A range in the flat order of all parameters that is a unit, or lies between units; all of it is trained, or nothing.
public struct Stretch: Sendable {
  /// Its elements.
  public let elements: Range<Int>
  /// Those this rank keeps: all of them, or its slice of a unit that ranks share.
  public let kept: Range<Int>
  /// Whether it is a unit.
  public let isUnit: Bool
  /// Whether it is a unit of which each rank keeps another slice.
  public let isShared: Bool
  /// Whether training leaves it as it is.
  public let isLocked: Bool
}
