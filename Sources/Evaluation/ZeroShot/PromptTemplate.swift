/// A sentence with a place for a name: `a photo of a {}.`
public struct PromptTemplate: Hashable, Sendable {
  /// The sentence, with `{}` where the name goes.
  public let text: String
  /// What stands for the name.
  public static let place = "{}"

  /// A template; nil where `text` has no `{}`.
  public init?(_ text: String) {
    guard text.contains(Self.place) else { return nil }
    self.text = text
  }

  /// The sentence about something.
  public func filled(with name: String) -> String { text.replacing(Self.place, with: name) }
}
