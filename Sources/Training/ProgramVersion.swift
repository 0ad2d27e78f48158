/// Which version of swift-clip this is.
public enum ProgramVersion {
  /// As in `0.1.0`.
  public static let current = "0.1.0"
}
