/// How far packing has come.
public struct PackProgress: Sendable {
  /// Samples written.
  public let samples: Int
  /// Samples left out.
  public let dropped: Int
  /// Bytes written.
  public let bytes: Int
}
