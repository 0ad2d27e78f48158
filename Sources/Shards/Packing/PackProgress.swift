/// How far packing has come.
public struct PackProgress: Sendable {
  /// Samples written, by this command and those before it.
  public let samples: Int
  /// Samples left out, likewise.
  public let dropped: Int
  /// Bytes written by this command.
  public let bytes: Int
  /// How much of the inputs was passed, from 0 to 1, as far as can be told without looking ahead.
  public let fraction: Double
  /// ``samples`` and ``fraction`` when this command began.
  public let start: (samples: Int, fraction: Double)
}
