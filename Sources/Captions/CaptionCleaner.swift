/// A caption as CLIP's tokenizer sees it: repaired, unescaped, with single spaces, in lowercase.
package enum CaptionCleaner {
  /// Cleans a caption; the only white space left is single spaces between words.
  package static func clean(_ caption: String) -> [Unicode.Scalar] {
    if let plain = cleanPlain(caption) { return plain }
    let repaired = TextRepair.repair(Array(caption.unicodeScalars))
    // Twice, as CLIP does: much of the web is escaped twice.
    let unescaped = HTMLEntities.unescape(HTMLEntities.unescape(repaired))
    return lowercased(collapsingWhiteSpace(unescaped))
  }

  /// The same for captions of printable ASCII without `&`, which most are: there is nothing to repair.
  private static func cleanPlain(_ caption: String) -> [Unicode.Scalar]? {
    var cleaned: [Unicode.Scalar] = []
    cleaned.reserveCapacity(caption.utf8.count)
    var spaceIsDue = false
    for byte in caption.utf8 {
      switch byte {
      case 0x20, 0x09, 0x0a, 0x0c, 0x0d:
        spaceIsDue = !cleaned.isEmpty
        continue
      case 0x21...0x7e where byte != 0x26:
        if spaceIsDue { cleaned.append(" ") }
        spaceIsDue = false
        cleaned.append(Unicode.Scalar(0x41...0x5a ~= byte ? byte | 0x20 : byte))
      default:
        return nil
      }
    }
    return cleaned
  }

  private static func collapsingWhiteSpace(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
    Array(text.split(whereSeparator: CharacterClass.whiteSpace.contains).joined(separator: [" "]))
  }

  /// Unicode's full lowercase, in which the sigma at the end of a word has a form of its own (Python's `str.lower`;
  /// Swift's `lowercased()` knows no context).
  private static func lowercased(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
    var result: [Unicode.Scalar] = []
    result.reserveCapacity(text.count)
    for (index, scalar) in text.enumerated() {
      if scalar.isASCII {
        result.append("A"..."Z" ~= scalar ? Unicode.Scalar(UInt8(scalar.value | 0x20)) : scalar)
      } else if scalar == "Σ" {
        result.append(isFinal(text, sigmaAt: index) ? "ς" : "σ")
      } else {
        result += scalar.properties.lowercaseMapping.unicodeScalars
      }
    }
    return result
  }

  /// The condition `Final_Sigma` of Unicode's SpecialCasing.txt: a letter before, none after.
  private static func isFinal(_ text: [Unicode.Scalar], sigmaAt index: Int) -> Bool {
    let before = text[..<index].last { !$0.properties.isCaseIgnorable }
    let after = text[(index + 1)...].first { !$0.properties.isCaseIgnorable }
    return before?.properties.isCased == true && after?.properties.isCased != true
  }
}
