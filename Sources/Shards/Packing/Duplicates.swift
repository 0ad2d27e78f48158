/// Which pictures a dataset should hold only once.
public enum Duplicates: String, CaseIterable, Sendable {
  /// Those whose files are equal, byte for byte.
  case exact
  /// Those that look the same: sizes, formats, compression, small marks aside.
  case near
}
