/// Something that cannot be measured, or that came out wrong while it was.
public struct BenchmarkError: Error, CustomStringConvertible, Sendable {
  /// What was found and what to do.
  public let description: String

  init(_ description: String) {
    self.description = description
  }
}
