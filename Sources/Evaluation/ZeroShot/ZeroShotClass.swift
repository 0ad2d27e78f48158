/// A class by what data call it and what texts call it.
public struct ZeroShotClass: Codable, Equatable, Sendable {
  /// How data name it: a folder, a field of a table.
  public let label: String
  /// How texts name it; the embedding of the class is the mean over all of them. At least one.
  public let names: [String]
  /// Whether the label was given apart from the names: classes of equal names are then meant to be several.
  let hasOwnLabel: Bool

  private enum CodingKeys: String, CodingKey {
    case label, names
    case hasOwnLabel = "has_own_label"
  }

  init(label: String, names: [String], hasOwnLabel: Bool) {
    self.label = label
    self.names = names
    self.hasOwnLabel = hasOwnLabel
  }

  /// The class that data call `label`; texts call it so too, with spaces for underscores.
  init(label: String) {
    self.init(label: label, names: [label.replacing("_", with: " ")], hasOwnLabel: false)
  }

  /// A text as tokenizers of CLIP see it: capitals and the amount of white space mean nothing.
  static func key(_ text: String) -> String {
    text.replacing("_", with: " ").lowercased().split(whereSeparator: \.isWhitespace).joined(separator: " ")
  }
}
