extension HTMLEntities {
  /// A regular expression (Oniguruma's) for what stands behind the `&` of all references to any of `scalars` that
  /// ``unescape(_:)`` and ``unescapeUnambiguous(_:)`` know.
  static func expression(for scalars: [Unicode.Scalar]) -> String {
    let names = named.merging(capitals) { first, _ in first }
      .filter { $0.value.count == 1 && scalars.contains($0.value[0]) }.keys.sorted()
    let windows1252 = (UInt8(0x80)...0x9f).filter { scalars.contains(LegacyEncoding.windows1252.character(of: $0)) }
    let numbers = scalars.map(\.value) + windows1252.map { UInt32($0) }
    let decimal = numbers.map { String($0) }.joined(separator: "|")
    let hexadecimal = numbers.map { String($0, radix: 16) }.joined(separator: "|")
    let numeric = ["#0*(?:\(decimal))(?![0-9]);?", "#[xX]0*(?i:\(hexadecimal))(?![0-9A-Fa-f]);?"]
    return (names.map(expression) + numeric).joined(separator: "|")
  }

  /// A name and its semicolon; where it needs none, what follows must not make it the beginning of another name.
  private static func expression(for name: String) -> String {
    guard bare[name] != nil else { return "\(name);" }
    let longer = named.keys.filter { $0.hasPrefix(name) && $0 != name }.map { $0.dropFirst(name.count) }.sorted()
    return longer.isEmpty ? "\(name);?" : "\(name)(?:;|(?!(?:\(longer.joined(separator: "|")));))"
  }
}
