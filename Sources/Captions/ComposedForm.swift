import Foundation

/// Unicode's composed form, NFC: a letter and its accent become one character where there is one.
enum ComposedForm {
  private typealias Text = [Unicode.Scalar]

  /// `text` in composed form.
  static func of(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
    guard text.contains(where: { !unchangeable.contains($0) }) else { return text }
    let ordered = withOrderedMarks(text)
    let string = string(of: ordered[...])
    var bytes = string.utf8Span
    if bytes.checkForNFC(quickCheck: false) { return ordered }

    // Foundation composes Hangul letters out of use into wrong syllables: it is not shown any letters.
    let hangul = withHangulSyllables(ordered)
    var result: Text = []
    var start = 0
    for (index, scalar) in hangul.enumerated() where hangulLetters.contains(scalar) {
      result += self.string(of: hangul[start..<index]).precomposedStringWithCanonicalMapping.unicodeScalars
      result.append(scalar)
      start = index + 1
    }
    return result + self.string(of: hangul[start...]).precomposedStringWithCanonicalMapping.unicodeScalars
  }

  /// Characters that compose with nothing, unless with something that is not among these. By far not all of them, but
  /// Latin, Greek, Cyrillic, punctuation, kana, ideographs, Hangul syllables and emoji: most of what captions have.
  private static let unchangeable: CharacterClass =
    "\u{0}-\u{2ff}Α-ΡΣ-ώЀ-ҁ\u{2010}-\u{2027}\u{2030}-\u{205e}₠-₿ぁ-ゖァ-ヺー、。「」㐀-鿼가-힣\u{fe0f}🌀-🙏🚀-🛅🤌-🧿"

  private static func string(of text: ArraySlice<Unicode.Scalar>) -> String {
    var scalars = String.UnicodeScalarView()
    scalars.append(contentsOf: text)
    var string = String(scalars)
    string.makeContiguousUTF8()
    return string
  }

  /// Combining marks in a row put into their canonical order. Composing does so too, but in n² steps.
  private static func withOrderedMarks(_ text: Text) -> Text {
    var ordered = text
    var start = 0
    while start < text.count {
      let end = text[start...].firstIndex { $0.value < 0x300 || $0.properties.canonicalCombiningClass == .notReordered }
      let marks = start..<(end ?? text.count)
      if marks.count > 1 {
        ordered[marks].sort { $0.properties.canonicalCombiningClass < $1.properties.canonicalCombiningClass }
      }
      start = marks.upperBound + 1
    }
    return ordered
  }

  // MARK: Hangul

  private static let hangulLetters: CharacterClass = "\u{1100}-\u{11ff}"

  /// Two or three letters of Hangul as the syllable they spell (The Unicode Standard, 3.12).
  private static func withHangulSyllables(_ text: Text) -> Text {
    var result: Text = []
    result.reserveCapacity(text.count)
    for scalar in text {
      guard let last = result.last, let syllable = hangulSyllable(last, scalar) else {
        result.append(scalar)
        continue
      }
      result[result.count - 1] = syllable
    }
    return result
  }

  /// A leading consonant with a vowel, or such a syllable with a trailing consonant.
  private static func hangulSyllable(_ first: Unicode.Scalar, _ second: Unicode.Scalar) -> Unicode.Scalar? {
    switch (first.value, second.value) {
    case (0x1100...0x1112, 0x1161...0x1175):
      return Unicode.Scalar(0xac00 + (first.value - 0x1100) * 588 + (second.value - 0x1161) * 28)
    case (0xac00...0xd7a3, 0x11a8...0x11c2) where (first.value - 0xac00).isMultiple(of: 28):
      return Unicode.Scalar(first.value + second.value - 0x11a7)
    default:
      return nil
    }
  }
}
