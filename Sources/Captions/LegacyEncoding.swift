/// An encoding with one byte a character: the kind UTF-8 gets mistaken for.
///
/// The tables are those of Python's codecs; a byte that has no character there is taken as Latin-1, as browsers do.
struct LegacyEncoding: Sendable {
  /// Whether U+FFFD may stand for a byte that was lost; it becomes byte 1A (ftfy's "sloppy" codecs).
  let toleratesLosses: Bool
  /// Whether byte A0 may have become a space. Not in Mac OS Roman, where an en dash before a space looks so.
  let mayHaveLostNoBreakSpaces: Bool
  private let characters: [Unicode.Scalar]  // (256)
  private let bytes: [Unicode.Scalar: UInt8]

  /// - Parameter table: the characters of bytes 80 to FF, `?` for those equal to Latin-1.
  private init(_ table: String, toleratesLosses: Bool = true, mayHaveLostNoBreakSpaces: Bool = true) {
    self.toleratesLosses = toleratesLosses
    self.mayHaveLostNoBreakSpaces = mayHaveLostNoBreakSpaces
    var characters = (0...255).map { Unicode.Scalar(UInt8($0)) }
    for (offset, scalar) in table.unicodeScalars.enumerated() where scalar != "?" { characters[128 + offset] = scalar }
    if toleratesLosses { characters[0x1a] = "\u{fffd}" }
    self.characters = characters
    bytes = Dictionary(characters.enumerated().map { ($1, UInt8($0)) }) { first, _ in first }
  }

  /// The character a byte stands for.
  func character(of byte: UInt8) -> Unicode.Scalar { characters[Int(byte)] }

  /// The bytes of `text`, or nil where it has a character this encoding lacks.
  func encode(_ text: [Unicode.Scalar]) -> [UInt8]? {
    var encoded: [UInt8] = []
    encoded.reserveCapacity(text.count)
    for scalar in text {
      guard let byte = bytes[scalar] else { return nil }
      encoded.append(byte)
    }
    return encoded
  }

  /// Those whose letters sit where Latin-1 has its own, in the order of trial: UTF-8 read in one of them becomes an
  /// accented capital and a symbol.
  static let latin1Like = [latin1, windows1252, windows1251, windows1250, windows1253, windows1254, windows1257]

  /// All of them, in the order of trial.
  static let all = latin1Like + [iso8859Part2, macRoman, codePage437]

  static let latin1 = LegacyEncoding("", toleratesLosses: false)

  static let windows1252 = LegacyEncoding(
    """
    €?‚ƒ„…†‡ˆ‰Š‹Œ?Ž??‘’“”•–—˜™š›œ?žŸ\
    \u{a0}¡¢£¤¥¦§¨©ª«¬\u{ad}®¯°±²³´µ¶·¸¹º»¼½¾¿\
    ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖ×ØÙÚÛÜÝÞß\
    àáâãäåæçèéêëìíîïðñòóôõö÷øùúûüýþÿ
    """)

  static let windows1251 = LegacyEncoding(
    """
    ЂЃ‚ѓ„…†‡€‰Љ‹ЊЌЋЏђ‘’“”•–—?™љ›њќћџ\
    \u{a0}ЎўЈ¤Ґ¦§Ё©Є«¬\u{ad}®Ї°±Ііґµ¶·ё№є»јЅѕї\
    АБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯ\
    абвгдежзийклмнопрстуфхцчшщъыьэюя
    """)

  static let windows1250 = LegacyEncoding(
    """
    €?‚?„…†‡?‰Š‹ŚŤŽŹ?‘’“”•–—?™š›śťžź\
    \u{a0}ˇ˘Ł¤Ą¦§¨©Ş«¬\u{ad}®Ż°±˛ł´µ¶·¸ąş»Ľ˝ľż\
    ŔÁÂĂÄĹĆÇČÉĘËĚÍÎĎĐŃŇÓÔŐÖ×ŘŮÚŰÜÝŢß\
    ŕáâăäĺćçčéęëěíîďđńňóôőö÷řůúűüýţ˙
    """)

  static let windows1253 = LegacyEncoding(
    """
    €?‚ƒ„…†‡?‰?‹?????‘’“”•–—?™?›????\
    \u{a0}΅Ά£¤¥¦§¨©?«¬\u{ad}®―°±²³΄µ¶·ΈΉΊ»Ό½ΎΏ\
    ΐΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡ?ΣΤΥΦΧΨΩΪΫάέήί\
    ΰαβγδεζηθικλμνξοπρςστυφχψωϊϋόύώ?
    """)

  static let windows1254 = LegacyEncoding(
    """
    €?‚ƒ„…†‡ˆ‰Š‹Œ????‘’“”•–—˜™š›œ??Ÿ\
    \u{a0}¡¢£¤¥¦§¨©ª«¬\u{ad}®¯°±²³´µ¶·¸¹º»¼½¾¿\
    ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏĞÑÒÓÔÕÖ×ØÙÚÛÜİŞß\
    àáâãäåæçèéêëìíîïğñòóôõö÷øùúûüışÿ
    """)

  static let windows1257 = LegacyEncoding(
    """
    €?‚?„…†‡?‰?‹?¨ˇ¸?‘’“”•–—?™?›?¯˛?\
    \u{a0}?¢£¤?¦§Ø©Ŗ«¬\u{ad}®Æ°±²³´µ¶·ø¹ŗ»¼½¾æ\
    ĄĮĀĆÄÅĘĒČÉŹĖĢĶĪĻŠŃŅÓŌÕÖ×ŲŁŚŪÜŻŽß\
    ąįāćäåęēčéźėģķīļšńņóōõö÷ųłśūüżž˙
    """)

  static let iso8859Part2 = LegacyEncoding(
    """
    ????????????????????????????????\
    \u{a0}Ą˘Ł¤ĽŚ§¨ŠŞŤŹ\u{ad}ŽŻ°ą˛ł´ľśˇ¸šşťź˝žż\
    ŔÁÂĂÄĹĆÇČÉĘËĚÍÎĎĐŃŇÓÔŐÖ×ŘŮÚŰÜÝŢß\
    ŕáâăäĺćçčéęëěíîďđńňóôőö÷řůúűüýţ˙
    """, toleratesLosses: false)

  static let macRoman = LegacyEncoding(
    """
    ÄÅÇÉÑÖÜáàâäãåçéèêëíìîïñóòôöõúùûü\
    †°¢£§•¶ß®©™´¨≠ÆØ∞±≤≥¥µ∂∑∏π∫ªºΩæø\
    ¿¡¬√ƒ≈∆«»…\u{a0}ÀÃÕŒœ–—“”‘’÷◊ÿŸ⁄€‹›ﬁﬂ\
    ‡·‚„‰ÂÊÁËÈÍÎÏÌÓÔ\u{f8ff}ÒÚÛÙıˆ˜¯˘˙˚¸˝˛ˇ
    """, toleratesLosses: false, mayHaveLostNoBreakSpaces: false)

  static let codePage437 = LegacyEncoding(
    """
    ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒ\
    áíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐\
    └┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀\
    αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}
    """, toleratesLosses: false)
}
