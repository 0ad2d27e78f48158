/// Combinations of characters that hardly anybody writes but that UTF-8 read in a wrong encoding is full of.
///
/// The characters and combinations are the findings of ftfy 6.3's `badness` heuristic.
enum MojibakeSigns {
  /// Whether any of the combinations is in `text`.
  static func appear(in text: [Unicode.Scalar]) -> Bool {
    if ([accentedA, " "] as CharacterPattern).matches(text, at: 0) { return true }
    return text.indices.contains { start in
      // Every sign has a character beyond ASCII among its first three.
      guard !text[start..<min(start + 3, text.count)].allSatisfy(\.isASCII) else { return false }
      guard let candidates = signsByFirst[text[start].value] else { return false }
      return candidates.contains { signs[$0].matches(text, at: start) } || endsInWord(text, at: start)
    }
  }

  // MARK: Kinds of characters

  private static let common: CharacterClass = "\u{a0}\u{ad}´·–-―’…"
  private static let c1: CharacterClass = "\u{80}-\u{9f}"
  private static let bad: CharacterClass = "¤¦¨ª¬¯¸ºƒˆˇ˘˛˜†‡‰⌐◊\u{fffd}"
  private static let law: CharacterClass = "§¶"
  private static let currency: CharacterClass = "¢£¥₧€"
  private static let opening: CharacterClass = "¡©«¿΄΅‘‚“„•‹\u{f8ff}"
  private static let closing: CharacterClass = "®»˝”›™"
  private static let numeric: CharacterClass = "±-³µ¹¼-¾×÷⁄№∂∆∏∑√∞∩∫≈≠≡≤≥"
  private static let faces: CharacterClass = "°Ò-ÖÙ-Üò-öø-üŌŐŪŲ"
  private static let upperAccented: CharacterClass = "À-ÑØÜÝĀĂĄĆČĎĐĒĖĘĚĞĢĪİĶĹĻĽŁŃŅŇŒŘŚŞŠŢŤŮŰŸŹŻŽҐ"
  private static let lowerAccented: CharacterClass = "ß-ñüāăąćčďđēėęěğģīįķĺļľłœŕśşšťźżžґﬁﬂ"
  private static let upperCommon: CharacterClass = "ÞΆΈ-ΊΌΎΏΑ-ΫЁ-Я"
  private static let lowerCommon: CharacterClass = "ά-ωа-џ"
  private static let box: CharacterClass = "│┌┐┘├┤┬┼═-╬▀▄█▌▐-▓"

  private static let accentedA: CharacterClass = "ÃÂ"
  private static let lower: CharacterClass = "a-z"
  private static let letter: CharacterClass = "A-Za-z"

  // MARK: Combinations

  private static let signs: [CharacterPattern] = pairs + triples + ofWindows1252 + ofOtherEncodings

  private static let accented = lowerAccented + upperAccented
  private static let quotes = opening + closing
  private static let marked = accented + box + quotes + currency + numeric + law

  private static let pairs: [CharacterPattern] = [
    [c1],
    [bad + marked, bad],
    [bad, marked],
    [lowerAccented + lowerCommon + box + closing + currency + numeric, upperAccented],
    [box + closing + currency + numeric, lowerAccented],
    [lowerAccented + box + closing, currency],
    [upperAccented + box, numeric + law],
    [currency + numeric + box, opening],
    [box, faces],
    [accented + currency + numeric + quotes + law, box],
    [box, closing],
  ]

  private static let triples: [CharacterPattern] = [
    [letter, lowerCommon + upperCommon, bad],
    [.whiteSpace, upperAccented, currency],
    [accented + box + currency + closing, opening, numeric],
    [accented + currency + numeric + box + law, closing, opening],
    [lower, upperAccented, opening + currency],
  ]

  private static let ofWindows1252: [CharacterPattern] = {
    let inArabic = common + currency + bad + numeric + opening + "ŸŠ®°µ»"
    return [
      ["Œœ", "\u{0}-@[-`{-\u{10ffff}"],
      [upperAccented, "°"],
      ["ÂÃÎÐ", "€œŠš¢£Ÿž\u{a0}\u{ad}®©°·»–—´" + quotes],
      ["×", "²³"],
      ["ØÙ", inArabic, "ØÙ", inArabic],
      ["à", "²µ¹¼½¾"],
      ["Ã", "\u{a0}¡"],
      [lower, accentedA, " "],
      [lower, .whiteSpace, accentedA, " "],
      [lower + ".,?!" + closing, "Â", " " + quotes],
    ]
  }()

  private static let ofOtherEncodings: [CharacterPattern] = {
    let symbols = c1 + bad + quotes + currency
    return [
      // Mac OS Roman.
      ["√", "±∂†≠®™´≤≥¥µø"],
      ["≈", "°¢"],
      ["‚", "Ä", "ìîïòôúùû†°¢π"],
      ["‚", "âó", "àä°ê"],
      // Windows-1251.
      ["в", "Ђ"],
      ["ВГРС", symbols + "°µ", "ВГРС"],
      ["Г", "ў", "В", "Ђ", "В", "\u{0}-\t\u{b}-\u{10ffff}", "A-Za-z "],
      // Windows-1253.
      ["β", "€", "™\u{a0}Ά\u{ad}®°"],
      ["ΒΓΞΟ", symbols + "°", "ΒΓΞΟ"],
      // Windows-1257.
      ["ā", "€"],
    ]
  }()

  /// Which of ``signs`` begin with a character.
  private static let signsByFirst: [UInt32: [Int]] = {
    var byFirst: [UInt32: [Int]] = [:]
    for (index, sign) in signs.enumerated() {
      for value in sign.classes[0].ranges.joined() { byFirst[value, default: []].append(index) }
    }
    return byFirst
  }()

  /// An accented letter, a quote or the like, and then a word: words have no quotes inside.
  private static func endsInWord(_ text: [Unicode.Scalar], at start: Int) -> Bool {
    guard start + 2 < text.count, accented.contains(text[start]), quotes.contains(text[start + 1]) else { return false }
    let properties = text[start + 2].properties
    switch properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: return true
    default: return text[start + 2] == "_" || properties.numericType != nil
    }
  }
}
