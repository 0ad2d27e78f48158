/// What a caption falls into before its bytes are merged: words, single digits, runs of punctuation, markers.
///
/// CLIP's regular expression, read by hand: markers first, then the endings of contractions, then letters, then one
/// number character, then anything else but white space.
package struct Pieces: Sequence, IteratorProtocol {
  /// A piece of the text.
  package enum Piece: Equatable {
    /// A word or the like: a range of the text.
    case word(Range<Int>)
    /// `<start_of_text>` in the text itself (open_clip's name of the marker).
    case start
    /// `<end_of_text>` in the text itself.
    case end
  }

  private let text: [Unicode.Scalar]
  private var index = 0

  /// The pieces of a cleaned caption.
  package init(of text: [Unicode.Scalar]) {
    self.text = text
  }

  package mutating func next() -> Piece? {
    while index < text.count, kind(at: index) == .space { index += 1 }
    guard index < text.count else { return nil }
    let start = index
    if text[start] == "<" {
      if skip(Self.startMarker) { return .start }
      if skip(Self.endMarker) { return .end }
    }
    if let ending = endingOfContraction() {
      index += ending
      return .word(start..<index)
    }
    let kind = kind(at: start)
    repeat { index += 1 } while kind != .number && index < text.count && self.kind(at: index) == kind
    return .word(start..<index)
  }

  private static let startMarker = Array("<start_of_text>".unicodeScalars)
  private static let endMarker = Array("<end_of_text>".unicodeScalars)

  private mutating func skip(_ marker: [Unicode.Scalar]) -> Bool {
    guard text[index...].starts(with: marker) else { return false }
    index += marker.count
    return true
  }

  /// The length of `'s`, `'t`, `'re`, `'ve`, `'m`, `'ll` or `'d` at the current place. The expression ignores case, and
  /// the long s is an s then.
  private func endingOfContraction() -> Int? {
    guard text[index] == "'", index + 1 < text.count else { return nil }
    let following: Unicode.Scalar? = index + 2 < text.count ? text[index + 2] : nil
    switch text[index + 1] {
    case "s", "ſ", "t", "m", "d": return 2
    case "r" where following == "e", "v" where following == "e", "l" where following == "l": return 3
    default: return nil
    }
  }

  // MARK: Kinds of characters

  private enum Kind: UInt8 { case space, letter, number, other }

  private func kind(at index: Int) -> Kind {
    let scalar = text[index]
    return scalar.isASCII ? Self.asciiKinds[Int(scalar.value)] : Self.kind(of: scalar)
  }

  private static let asciiKinds: [Kind] = (0..<128).map { kind(of: Unicode.Scalar(UInt8($0))) }

  private static func kind(of scalar: Unicode.Scalar) -> Kind {
    switch scalar.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: return .letter
    case .decimalNumber, .letterNumber, .otherNumber: return .number
    default:
      // The iota subscript is no letter, but ignoring case it is one: no alternative of the expression takes it.
      return scalar.properties.isWhitespace || scalar == "\u{345}" ? .space : .other
    }
  }
}
