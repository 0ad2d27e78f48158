/// A run directory holds a run that the command would not continue. Programs that see one exit with 64.
public struct ResumeRefused: Error, CustomStringConvertible, Sendable {
  /// What differs and what to do.
  public let description: String

  init(_ description: String) {
    self.description = description
  }
}
