/// Character references of HTML (`&eacute;`, `&#233;`) turned into the characters they name.
enum HTMLEntities {
  /// What a browser makes of the references in `text`, those without a semicolon included: Python's `html.unescape`.
  static func unescape(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
    replaceReferences(in: text) { start in
      if start < text.count, text[start] == "#" { return numeric(text, from: start) }
      let name = run(of: text, from: start, atMost: 32)
      let end = start + name.count
      if end < text.count, text[end] == ";", let value = named[name] { return (value, end + 1) }
      for count in stride(from: min(name.count, longestBareName), to: 1, by: -1) {
        if let value = bare[String(name.prefix(count))] { return (value, start + count) }
      }
      return nil
    }
  }

  /// The references in `text` that nobody can have meant otherwise: they end in a semicolon. Names of lowercase
  /// characters may stand in capitals (`&EACUTE;` is É). This is ftfy's `unescape_html`.
  static func unescapeUnambiguous(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
    replaceReferences(in: text) { start in
      let isNumeric = start < text.count && text[start] == "#"
      let name = run(of: text, from: isNumeric ? start + 1 : start, atMost: 25)
      let end = start + (isNumeric ? 1 : 0) + name.count
      guard (1...24).contains(name.count), end < text.count, text[end] == ";" else { return nil }
      if !isNumeric { return (named[name] ?? capitals[name]).map { ($0, end + 1) } }
      // What leaves a semicolon behind was not wholly a reference.
      guard let (value, next) = numeric(text, from: start), next == end + 1, value != [";"] else { return nil }
      return (value, next)
    }
  }

  /// Replaces what `reference` recognises behind each `&`: it gives the value and where the reference ends.
  private static func replaceReferences(
    in text: [Unicode.Scalar], _ reference: (Int) -> (value: [Unicode.Scalar], end: Int)?
  ) -> [Unicode.Scalar] {
    guard text.contains("&") else { return text }
    var result: [Unicode.Scalar] = []
    result.reserveCapacity(text.count)
    var index = 0
    while index < text.count {
      if text[index] == "&", let (value, end) = reference(index + 1) {
        result += value
        index = end
      } else {
        result.append(text[index])
        index += 1
      }
    }
    return result
  }

  /// The letters and digits of ASCII from `start` on.
  private static func run(of text: [Unicode.Scalar], from start: Int, atMost limit: Int) -> String {
    var name = String.UnicodeScalarView()
    for scalar in text[min(start, text.count)...].prefix(limit) {
      guard asciiLettersAndDigits.contains(scalar) else { break }
      name.append(scalar)
    }
    return String(name)
  }

  private static let asciiLettersAndDigits: CharacterClass = "0-9A-Za-z"

  // MARK: Numeric references

  /// Reads `#233`, `#xE9` with or without a semicolon, from the `#` on.
  private static func numeric(_ text: [Unicode.Scalar], from start: Int) -> (value: [Unicode.Scalar], end: Int)? {
    var index = start + 1
    let isHexadecimal = index < text.count && (text[index] == "x" || text[index] == "X")
    if isHexadecimal { index += 1 }
    let firstDigit = index
    var number: UInt32 = 0
    while index < text.count, let digit = hexadecimalDigit(text[index]), isHexadecimal || digit < 10 {
      number = min(number * (isHexadecimal ? 16 : 10) + digit, 0x110000)
      index += 1
    }
    guard index > firstDigit else { return nil }
    if index < text.count, text[index] == ";" { index += 1 }
    return (value(ofReference: number), index)
  }

  private static func hexadecimalDigit(_ scalar: Unicode.Scalar) -> UInt32? {
    switch scalar {
    case "0"..."9": scalar.value - 48
    case "a"..."f": scalar.value - 87
    case "A"..."F": scalar.value - 55
    default: nil
    }
  }

  /// The rules of the HTML standard for numbers that are no good characters.
  private static func value(ofReference number: UInt32) -> [Unicode.Scalar] {
    switch number {
    case 0: return ["\u{fffd}"]
    case 0x80...0x9f: return [LegacyEncoding.windows1252.character(of: UInt8(number))]
    case 1...8, 0xb, 0xe...0x1f, 0x7f, 0xfdd0...0xfdef: return []
    default:
      guard let scalar = Unicode.Scalar(number) else { return ["\u{fffd}"] }
      return number & 0xfffe == 0xfffe ? [] : [scalar]
    }
  }

  // MARK: Names

  /// The value of each name that is followed by a semicolon.
  static let named: [String: [Unicode.Scalar]] = {
    var named: [String: [Unicode.Scalar]] = [:]
    for entry in HTMLEntityTable.all.split(whereSeparator: \.isWhitespace) {
      let parts = entry.split(separator: ":")
      named[String(parts[0])] = parts[1].split(separator: ",").compactMap { UInt32($0, radix: 16) }
        .compactMap(Unicode.Scalar.init)
    }
    return named
  }()

  /// The value of each name that needs no semicolon.
  static let bare: [String: [Unicode.Scalar]] = {
    let names = HTMLEntityTable.withoutSemicolon.split(whereSeparator: \.isWhitespace).map(String.init)
    return named.filter { names.contains($0.key) }
  }()

  private static let longestBareName = bare.keys.map(\.count).max() ?? 0

  /// Lowercase names in capitals, where HTML does not know them already: the character in its capital form.
  static let capitals: [String: [Unicode.Scalar]] = {
    var capitals: [String: [Unicode.Scalar]] = [:]
    for (name, value) in named where name == name.lowercased() {
      let reference = Array("&\(name.uppercased());".unicodeScalars)
      if unescape(reference) == reference {
        capitals[name.uppercased()] = value.flatMap { Array($0.properties.uppercaseMapping.unicodeScalars) }
      }
    }
    return capitals
  }()
}
