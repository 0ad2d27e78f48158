/// The form in which queries are looked for in captions, MetaCLIP's (Xu et al. 2023) in lower case.
///
/// Commas, full stops, colons, semicolons, question and exclamation marks and backticks get a space on both sides, tabs
/// and line breaks become spaces, and the whole is put between spaces. So a query is found where it stands as words: "cat"
/// in "Cat, asleep", not in "category".
enum SpacedText {
  private static let space = UInt8(ascii: " ")

  /// A caption in that form.
  static func bytes(of text: String) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.utf8.count + 16)
    bytes.append(space)
    // Where letters are A to Z only, there is no need to ask Unicode's tables for each.
    let lowered = text.utf8.allSatisfy { $0 < 0x80 } ? text : text.lowercased()
    for byte in lowered.utf8 {
      switch byte {
      case UInt8(ascii: "A")...UInt8(ascii: "Z"):
        bytes.append(byte | 0x20)
      case UInt8(ascii: "\t"), UInt8(ascii: "\n"), UInt8(ascii: "\r"):
        bytes.append(space)
      case UInt8(ascii: ","), UInt8(ascii: "."), UInt8(ascii: ";"), UInt8(ascii: ":"), UInt8(ascii: "?"),
        UInt8(ascii: "!"), UInt8(ascii: "`"):
        bytes.append(space)
        bytes.append(byte)
        bytes.append(space)
      default:
        bytes.append(byte)
      }
    }
    bytes.append(space)
    return bytes
  }

  /// A query in that form, between one space each; nil where nothing is left of it.
  static func query(_ text: String) -> [UInt8]? {
    let bytes = bytes(of: text)
    guard let first = bytes.firstIndex(where: { $0 != space }), let last = bytes.lastIndex(where: { $0 != space })
    else { return nil }
    return Array(bytes[first - 1...last + 1])
  }
}
