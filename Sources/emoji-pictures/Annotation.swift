/// What CLDR says about a character or a sequence of characters: its name and words people look for it by.
struct Annotation: Equatable {
  /// The characters, without variation selectors (CLDR removes them).
  let text: String
  /// The name read aloud, as in "grinning face".
  let name: String
  /// Words for searching, in the file's order.
  let keywords: [String]

  /// The code points in hexadecimal, as in `1f468-200d-1f9b3`: what the sample's files are called.
  var codePoints: String {
    text.unicodeScalars.map { scalar in
      let digits = String(scalar.value, radix: 16)
      return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }.joined(separator: "-")
  }

  /// The name, then the keywords that add something to it: "grinning face: face, grin".
  var caption: String { keywordsBesideName.isEmpty ? name : "\(name): \(keywordsBesideName)" }

  /// What a person may call it: the whole caption, the name, or only the keywords.
  var captions: [String] { keywordsBesideName.isEmpty ? [name] : [caption, name, keywordsBesideName] }

  /// Names are made of parts, as in "woman: blond hair, light skin tone"; a keyword that is one of them is left out.
  private var keywordsBesideName: String {
    var seen = Set(
      name.lowercased().split(separator: ": ").flatMap { $0.split(separator: ", ") }.map(String.init))
    seen.insert(name.lowercased())
    return keywords.filter { seen.insert($0.lowercased()).inserted }.joined(separator: ", ")
  }

  /// Whether the characters are punctuation, though the font may draw them.
  ///
  /// It has glyphs for `#` and `*`, only to build keycaps from.
  var isPunctuation: Bool { text.unicodeScalars.count == 1 && text.allSatisfy(\.isASCII) }
}
