import Foundation

/// What ftfy 6.3's `fix_text` does to text: HTML references, mojibake, ligatures, full-width letters, curly quotes,
/// line ends, terminal escapes, control characters, and Unicode's composed form (NFC).
///
/// CLIP's vocabulary was learned from text so treated; ids only agree when ours is too.
enum TextRepair {
  private typealias Text = [Unicode.Scalar]

  /// Repairs `text` line by line.
  static func repair(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
    var result: Text = []
    var unescapes = true
    var rest = text[...]
    while !rest.isEmpty {
      let lineEnd = (rest.firstIndex(of: "\n") ?? rest.endIndex - 1) + 1
      let segment = rest[..<min(lineEnd, rest.startIndex + longestSegment)]
      // A `<` tells of real HTML, in which `&lt;` must stay what it is; from there on.
      if segment.contains("<") { unescapes = false }
      result += repair(segment: Array(segment), unescapes: unescapes)
      rest = rest[segment.endIndex...]
    }
    return result
  }

  private static let longestSegment = 1_000_000

  /// The original goes on until nothing changes. No honest text needs more rounds than this, and `&amp;amp;amp;…`
  /// repeated a million times would need a million.
  private static let mostRounds = 32

  private static func repair(segment: Text, unescapes: Bool) -> Text {
    var text = segment
    for _ in 0..<mostRounds {
      let before = text
      if unescapes { text = HTMLEntities.unescapeUnambiguous(text) }
      text = Mojibake.repair(text)
      text = substituted(text)
      text = withoutControls(text)
      text = ComposedForm.of(text)
      if text == before { break }
    }
    return text
  }

  // MARK: One character at a time

  private static func substituted(_ text: Text) -> Text {
    guard text.contains(where: { !$0.isASCII && substitutes[$0] != nil }) else { return text }
    var result: Text = []
    result.reserveCapacity(text.count)
    for scalar in text {
      if !scalar.isASCII, let substitute = substitutes[scalar] { result += substitute } else { result.append(scalar) }
    }
    return result
  }

  /// C1 controls, then ligatures, then widths, then quotes and line ends.
  static let substitutes: [Unicode.Scalar: [Unicode.Scalar]] = {
    var substitutes = ligatures.merging(widths) { first, _ in first }
    for (quote, value) in quotesAndLineEnds {
      substitutes[quote] = [value]
    }
    for scalar in (UInt8(0x80)...0x9f).map({ Unicode.Scalar($0) }) {
      let meant = Mojibake.windows1252InPlaceOfC1(scalar)
      substitutes[scalar] = substitutes[meant] ?? [meant]
    }
    return substitutes
  }()

  /// Ligatures of Latin letters and digraphs that old encodings had as one character. `ŉ` would be U+02BC and n; the
  /// former is a curly quote.
  private static let ligatures: [Unicode.Scalar: [Unicode.Scalar]] = {
    let parts: [Unicode.Scalar: String] = [
      "Ĳ": "IJ", "ĳ": "ij", "ŉ": "'n", "Ǳ": "DZ", "ǲ": "Dz", "ǳ": "dz", "Ǆ": "DŽ", "ǅ": "Dž", "ǆ": "dž", "Ǉ": "LJ",
      "ǈ": "Lj", "ǉ": "lj", "Ǌ": "NJ", "ǋ": "Nj", "ǌ": "nj", "ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl",
      "ﬅ": "ſt", "ﬆ": "st",
    ]
    return parts.mapValues { Array($0.unicodeScalars) }
  }()

  /// Full-width Latin, half-width Katakana and Hangul, and the ideographic space.
  private static let widths: [Unicode.Scalar: [Unicode.Scalar]] = {
    var widths: [Unicode.Scalar: Text] = ["\u{3000}": [" "]]
    for scalar in (UInt32(0xff01)...0xffef).compactMap(Unicode.Scalar.init) {
      let usual = Array(String(scalar).precomposedStringWithCompatibilityMapping.unicodeScalars)
      if usual != [scalar] { widths[scalar] = usual }
    }
    return widths
  }()

  private static let quotesAndLineEnds: [Unicode.Scalar: Unicode.Scalar] = [
    "\u{2bc}": "'", "\u{2018}": "'", "\u{2019}": "'", "\u{201a}": "'", "\u{201b}": "'",
    "\u{201c}": "\"", "\u{201d}": "\"", "\u{201e}": "\"", "\u{201f}": "\"",
    "\u{2028}": "\n", "\u{2029}": "\n",
  ]

  // MARK: Control characters

  /// `text` with `\n` for every line end, without terminal escapes and without characters that show nothing.
  private static func withoutControls(_ text: Text) -> Text {
    guard text.contains(where: invisible.contains) || text.contains("\r") else { return text }
    var result: Text = []
    result.reserveCapacity(text.count)
    var index = 0
    while index < text.count {
      let scalar = text[index]
      if scalar == "\u{1b}", let end = endOfTerminalEscape(text, from: index) {
        index = end
        continue
      }
      index += 1
      if scalar == "\r" {
        result.append("\n")
        if index < text.count, text[index] == "\n" { index += 1 }
      } else if !invisible.contains(scalar) {
        result.append(scalar)
      }
    }
    return result
  }

  private static let invisible: CharacterClass =
    "\u{0}-\u{8}\u{b}\u{e}-\u{1f}\u{7f}\u{206a}-\u{206f}\u{feff}\u{fff9}-\u{fffc}"

  /// Where an escape such as `ESC [ 1 ; 31 m` ends.
  private static func endOfTerminalEscape(_ text: Text, from start: Int) -> Int? {
    var index = start + 1
    guard index < text.count, text[index] == "[" else { return nil }
    index += 1
    while index < text.count, text[index] == ";" || text[index].properties.generalCategory == .decimalNumber {
      index += 1
    }
    guard index < text.count, text[index].isASCII, text[index].properties.isAlphabetic else { return nil }
    return index + 1
  }
}
