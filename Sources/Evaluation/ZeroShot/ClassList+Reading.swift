import Files
import Foundation

extension ClassList {
  /// What separates the names of a class in a file of text.
  static let nameSeparator: Character = "|"

  /// Reads a file of classes.
  ///
  /// Text has a class a line: its names, separated by `|`; before them, perhaps, the label that data know it by and a tab.
  /// JSON (`.json`) is a list in which each class is a name or a list of names, or an object from labels to such, which
  /// then come in the order of the labels' bytes.
  ///
  /// - Throws: `FileError` naming the line, or the entry, that is not so.
  public init(contentsOf path: String) throws {
    let classes = path.lowercased().hasSuffix(".json") ? try Self.json(path) : try Self.text(path)
    guard !classes.isEmpty else { throw FileError(path, "holds no class: expected the name of one on every line") }
    try self.init(classes, source: path)
  }

  private static func text(_ path: String) throws -> [ZeroShotClass] {
    // Two classes of the same names are two only if data tell them apart.
    try TextLines(path).lines.enumerated().map { index, line in
      let parts = line.split(separator: "\t", maxSplits: 1, omittingEmptySubsequences: false)
      let names = (parts.last ?? "").split(separator: nameSeparator, omittingEmptySubsequences: false).map(\.trimmed)
      let label = parts.count > 1 ? parts[0].trimmed : nil
      guard names.allSatisfy({ !$0.isEmpty }), label != "" else {
        let what = line.trimmed.isEmpty ? "is blank" : "has an empty name or label"
        throw FileError(
          path,
          "line \(index + 1) \(what): expected the names of a class, separated by \(nameSeparator), perhaps after a label "
            + "and a tab")
      }
      return ZeroShotClass(label: label ?? names[0], names: names, hasOwnLabel: label != nil)
    }
  }

  private static func json(_ path: String) throws -> [ZeroShotClass] {
    let value = try? JSONSerialization.jsonObject(with: Data(try FileReader.contents(of: path)))
    func names(_ value: Any, _ place: String) throws -> [String] {
      let names = ((value as? [String]) ?? (value as? String).map { [$0] } ?? []).map(\.trimmed)
      guard !names.isEmpty, names.allSatisfy({ !$0.isEmpty }) else {
        throw FileError(path, "\(place): expected a name, or a list of names")
      }
      return names
    }
    if let list = value as? [Any] {
      return try list.enumerated().map { index, value in
        let names = try names(value, "class \(index + 1)")
        return ZeroShotClass(label: names[0], names: names, hasOwnLabel: false)
      }
    }
    if let object = value as? [String: Any] {
      return try object.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map { label, value in
        ZeroShotClass(label: label, names: try names(value, "class \"\(label)\""), hasOwnLabel: true)
      }
    }
    throw FileError(path, "is no JSON of classes: expected a list of names, or an object from labels to names")
  }
}
