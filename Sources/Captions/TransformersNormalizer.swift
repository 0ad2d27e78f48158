/// What ``CaptionCleaner`` does to a caption, as far as Hugging Face's `tokenizers` can be told to do it.
///
/// All there is for it is to replace matches of a regular expression by a fixed text. So each character that comes out of
/// the cleaner in another's place gets one replacement, which lists everything that becomes this character.
///
/// Out of reach are letters decoded as the wrong encoding, which take judgement of the whole text, and references to
/// characters outside of Windows-1252, of which there are too many. And the cleaner goes by whether there is a `<`: where
/// there is, curly quotes stay as references named them, and what is escaped three times is unescaped twice.
enum TransformersNormalizer {
  private typealias Text = [Unicode.Scalar]

  /// The value of `normalizer` in `tokenizer.json`.
  static var json: String {
    let steps =
      replacements.map { replacement(of: $0.pattern, by: $0.content) } + [
        replacement(of: invisible, by: ""),
        #"{"type": "NFC"}"#,
        replacement(of: #"\s+"#, by: " "),
        replacement(of: finalSigma, by: "ς"),
        #"{"type": "Lowercase"}"#,
      ]
    return """
      {"type": "Sequence", "normalizers": [
          \(steps.joined(separator: ",\n    "))
        ]}
      """
  }

  private static func replacement(of pattern: String, by content: String) -> String {
    #"{"type": "Replace", "pattern": {"Regex": \#(Vocabulary.quoted(pattern))}, "content": \#(Vocabulary.quoted(content))}"#
  }

  // MARK: One replacement for each result

  private static let replacements: [(pattern: String, content: String)] = {
    var characters: [Text: Text] = [:]
    for (scalar, value) in TextRepair.substitutes where value != [scalar] {
      characters[cleaned(value), default: []].append(scalar)
    }
    var references: [Text: Text] = [:]
    for scalar in referable {
      references[cleaned(TextRepair.substitutes[scalar] ?? [scalar]), default: []].append(scalar)
    }
    // The ampersand comes first: as often as something is escaped, one `&` remains for the others to find.
    let results = Set(characters.keys).union(references.keys).subtracting([["&"]])
    return ([["&"]] + results.sorted { $0.lexicographicallyPrecedes($1) }).map { result in
      var alternatives: [String] = []
      if let characters = characters[result] { alternatives.append("[\(escaped(characters.sorted()))]") }
      if let references = references[result] {
        let repeats = result == ["&"] ? "+" : ""
        alternatives.append("&(?:\(HTMLEntities.expression(for: references.sorted())))\(repeats)")
      }
      return (alternatives.joined(separator: "|"), String(String.UnicodeScalarView(result)))
    }
  }()

  /// The characters of Windows-1252, line ends and the spaces HTML has names for since its version 4.
  private static let referable: [Unicode.Scalar] =
    (UInt8(0x20)...0xff).map { LegacyEncoding.windows1252.character(of: $0) }
    .filter { $0.properties.generalCategory != .control } + ["\t", "\n", "\r", "\u{2002}", "\u{2003}", "\u{2009}"]

  /// What the steps after the replacements make of `text`, so that `É` and `é` can share one.
  private static func cleaned(_ text: Text) -> Text {
    text.flatMap { scalar in
      CharacterClass.whiteSpace.contains(scalar) ? [" "] : Text(scalar.properties.lowercaseMapping.unicodeScalars)
    }
  }

  private static func escaped(_ text: Text) -> String {
    text.map { "\\x{\(String($0.value, radix: 16))}" }.joined()
  }

  // MARK: The other expressions

  /// Terminal escapes, and what ``TextRepair`` takes for characters that show nothing.
  private static let invisible =
    #"\x1b\[[;\p{Nd}]*[A-Za-z]|[\x{0}-\x{8}\x{b}\x{e}-\x{1f}\x{7f}\x{206a}-\x{206f}\x{feff}\x{fff9}-\x{fffc}]"#

  /// A sigma behind a letter and before none, whatever marks and dots are between.
  private static let finalSigma = #"(?<=[\p{L}\p{M}])Σ(?![\p{Mn}\p{Me}\p{Cf}\p{Lm}\p{Sk}'.:·]*\p{L})"#
}
