/// Text that was UTF-8, was read in a one-byte encoding and so became "cafÃ©", read right again.
///
/// This is ftfy 6.3's `fix_encoding` (<https://ftfy.readthedocs.io>), which CLIP's tokenizer runs on every caption: the
/// same evidence, the same encodings in the same order, the same exceptions, so that ids agree.
enum Mojibake {
  private typealias Text = [Unicode.Scalar]

  /// Repairs `text` until nothing looks wrong; text that looks right is returned as it is.
  static func repair(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
    var text = text
    while let repaired = repairOnce(text), repaired != text { text = repaired }
    return text
  }

  /// One encoding taken back, or nil where nothing looks wrong or nothing helps.
  private static func repairOnce(_ text: Text) -> Text? {
    guard text.contains(where: { !$0.isASCII }), MojibakeSigns.appear(in: text) else { return nil }
    for encoding in LegacyEncoding.all {
      if let bytes = encoding.encode(text), let decoded = decodeUTF8(bytes, readAs: encoding) { return decoded }
    }
    let repaired = repairParts(of: text)
    if repaired != text { return repaired }

    // Latin-1 holds control characters where Windows-1252 has letters; nobody means the former.
    return text.contains(where: isC1) ? text.map(windows1252InPlaceOfC1) : nil
  }

  /// The C1 control characters of Latin-1, taken as Windows-1252.
  static func windows1252InPlaceOfC1(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
    isC1(scalar) ? LegacyEncoding.windows1252.character(of: UInt8(scalar.value)) : scalar
  }

  private static func isC1(_ scalar: Unicode.Scalar) -> Bool { (0x80...0x9f).contains(scalar.value) }

  // MARK: The whole text

  /// Bytes as UTF-8, after undoing what often happens to them besides; nil where they are not UTF-8.
  private static func decodeUTF8(_ original: [UInt8], readAs encoding: LegacyEncoding) -> Text? {
    // Patterns are about characters: Latin-1 writes every byte as one.
    var bytes = original.map { Unicode.Scalar($0) }
    let spaceIsLost = bytes.indices.contains { lostSpaces.length(in: bytes, at: $0) != nil }
    if spaceIsLost, encoding.mayHaveLostNoBreakSpaces {
      bytes = lostSpaces.replacing(in: separatingGraveA(bytes)) { $0.map { $0 == " " ? "\u{a0}" : $0 } }
    }
    if encoding.toleratesLosses {
      bytes = lostBytes.replacing(in: bytes) { _ in ["\u{ef}", "\u{bf}", "\u{bd}"] }
    }
    return UTF8Variants.decode(bytes.map { UInt8($0.value) })
  }

  /// UTF-8 sequences in which a space stands for byte A0, where a likely character would result.
  private static let lostSpaces: [CharacterPattern] = {
    let continuation: CharacterClass = "\u{80}-\u{bf}"
    let notDotsNorSpace: CharacterClass = "\u{80}-\u{84}\u{86}-\u{9f}\u{a1}-\u{bf}"
    return [
      ["\u{c2}\u{c3}\u{c5}\u{ce}\u{d0}\u{d9}", " "],
      ["\u{e2}\u{e3}", " ", notDotsNorSpace],
      ["\u{e0}-\u{e3}", notDotsNorSpace, " "],
      ["\u{f0}", " ", continuation, continuation],
      ["\u{f0}", continuation, " ", continuation],
      ["\u{f0}", continuation, continuation, " "],
    ]
  }()

  /// "Ã la" is "à la", two words, not "àla": byte C3 and a space get their A0 and keep the space, except where
  /// Portuguese writes one word.
  private static func separatingGraveA(_ bytes: Text) -> Text {
    var result: Text = []
    for (index, byte) in bytes.enumerated() {
      result.append(byte)
      guard byte == "\u{c3}", index + 1 < bytes.count, bytes[index + 1] == " " else { continue }
      let rest = bytes[(index + 2)...]
      if !graveAJoins.contains(where: { rest.starts(with: $0) }) { result.append("\u{a0}") }
    }
    return result
  }

  private static let graveAJoins = [" ", "quele", "quela", "quilo", "s "].map { Array($0.unicodeScalars) }

  /// UTF-8 and CESU-8 sequences with bytes that were lost (1A, or one `?`).
  private static let lostBytes: [CharacterPattern] = {
    let lost: CharacterClass = "\u{1a}"
    let lostOrAsked: CharacterClass = "\u{1a}?"
    let any: CharacterClass = "\u{1a}\u{80}-\u{bf}"
    let surrogates: (CharacterClass, CharacterClass) = ("\u{a0}-\u{af}", "\u{b0}-\u{bf}")
    let three: CharacterClass = "\u{e0}-\u{ef}"
    let four: CharacterClass = "\u{f0}-\u{f4}"
    return [
      ["\u{c2}-\u{df}", lost],
      ["\u{c2}\u{c3}", "?"],
      ["\u{ed}", surrogates.0, lostOrAsked, "\u{ed}", surrogates.1, lostOrAsked + any],
      ["\u{ed}", surrogates.0, lostOrAsked + any, "\u{ed}", surrogates.1, lostOrAsked],
      [three, lostOrAsked, any],
      [three, any, lostOrAsked],
      [four, lostOrAsked, any, any],
      [four, any, lostOrAsked, any],
      [four, any, any, lostOrAsked],
      [lost],
    ]
  }()

  // MARK: Parts of the text

  /// Repairs the runs that look like UTF-8 sequences, each for itself.
  private static func repairParts(of text: Text) -> Text {
    var result: Text = []
    var index = 0
    while index < text.count {
      // A run amid a larger garble would only be made worse.
      var end = index
      if index == 0 || !strictContinuation.contains(text[index - 1]) {
        while let length = sequences.length(in: text, at: end) { end += length }
      }
      if end > index {
        let run = Array(text[index..<end])
        result += run.count < text.count ? repair(run) : run
        index = end
      } else {
        result.append(text[index])
        index += 1
      }
    }
    return result
  }

  /// What UTF-8 sequences of two, three and four bytes look like, read in any of the encodings like Latin-1.
  private static let sequences: [CharacterPattern] = {
    let continuation = characters(ofBytes: 0x80...0xbf) + " "
    return [
      [characters(ofBytes: 0xc2...0xdf), continuation],
      [characters(ofBytes: 0xe0...0xef), continuation, continuation],
      [characters(ofBytes: [0xf0, 0xf3]), continuation, continuation, continuation],
    ]
  }()

  /// Continuation bytes, without the punctuation that may as well stand for itself.
  private static let strictContinuation: CharacterClass = {
    let punctuation: CharacterClass = "–—―‘’‚“”„•…"
    let characters = LegacyEncoding.latin1Like.flatMap { encoding in
      (UInt8(0x80)...0xbf).map { encoding.character(of: $0) }
    }
    return CharacterClass(characters.filter { !punctuation.contains($0) })
  }()

  private static func characters(ofBytes bytes: some Sequence<UInt8>) -> CharacterClass {
    CharacterClass(bytes.flatMap { byte in LegacyEncoding.latin1Like.map { $0.character(of: byte) } })
  }
}
