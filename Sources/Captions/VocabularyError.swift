/// A vocabulary cannot be learned as asked.
public struct VocabularyError: Error, CustomStringConvertible, Sendable {
  /// What was asked for, why that cannot be, and what to ask for instead.
  public let description: String
}
