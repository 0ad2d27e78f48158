import Files

/// The 512-byte block before each member of a tar.
///
/// Written as USTAR (POSIX 1003.1-1988) with the same owner, mode and time for every member, so that the same
/// samples always make the same bytes. Read more generously: GNU's and pax's forms too.
struct TarHeader {
  /// Header blocks and the padding after members count in these.
  static let blockCount = 512
  /// The longest name written, in bytes.
  static let longestName = 100
  /// What follows the last member: two blocks of zeros.
  static let end = [UInt8](repeating: 0, count: 2 * blockCount)

  /// What a member is.
  enum Kind: Equatable {
    case file, gnuLongName, pax, other
  }

  var name: String
  var count: Int
  let kind: Kind

  /// What is wrong with a header.
  struct Flaw: Error, CustomStringConvertible {
    let description: String
  }

  /// The length of a member's data with the padding that follows it.
  static func padded(_ count: Int) -> Int {
    (count + blockCount - 1) / blockCount * blockCount
  }

  /// Appends a whole member: header, data, padding.
  static func append(_ name: String, _ data: [UInt8], to tar: inout [UInt8]) {
    precondition(name.utf8.count <= longestName, "names are shortened before they get here")
    var block = [UInt8](repeating: 0, count: blockCount)
    func put(_ text: String, at offset: Int) {
      block.replaceSubrange(offset..<offset + text.utf8.count, with: text.utf8)
    }
    func put(octal value: Int, digits: Int, at offset: Int) {
      let text = String(value, radix: 8)
      put(String(repeating: "0", count: digits - text.utf8.count) + text, at: offset)
    }
    put(name, at: 0)
    put(octal: 0o644, digits: 7, at: 100)
    put(octal: 0, digits: 7, at: 108)  // owner
    put(octal: 0, digits: 7, at: 116)  // group
    put(octal: data.count, digits: 11, at: 124)
    put(octal: 0, digits: 11, at: 136)  // time
    put("        ", at: 148)  // the checksum counts itself as spaces
    put("0", at: 156)  // a regular file
    put("ustar\u{0}00", at: 257)
    put(octal: block.reduce(0) { $0 + Int($1) }, digits: 6, at: 148)
    block[154] = 0
    tar += block
    tar += data
    tar += repeatElement(0, count: padded(data.count) - data.count)
  }

  /// Reads a header block.
  ///
  /// - Returns: nil for a block of zeros, which ends a tar.
  static func read(_ block: ArraySlice<UInt8>) throws -> TarHeader? {
    if block.allSatisfy({ $0 == 0 }) { return nil }
    let start = block.startIndex
    func field(_ offset: Int, _ count: Int) -> ArraySlice<UInt8> { block[start + offset..<start + offset + count] }
    func text(_ offset: Int, _ count: Int) -> String {
      String(nameOf: field(offset, count).prefix { $0 != 0 })
    }

    let sum = block.reduce(0) { $0 + Int($1) } - field(148, 8).reduce(0) { $0 + Int($1) } + 8 * 32
    guard let stated = number(field(148, 8)), stated == sum else {
      throw Flaw(description: "checksum of a tar header is wrong")
    }
    guard let count = number(field(124, 12)) else { throw Flaw(description: "size in a tar header is not a number") }
    var name = text(0, 100)
    if text(257, 6) == "ustar", !text(345, 155).isEmpty { name = text(345, 155) + "/" + name }
    let kind: Kind =
      switch block[start + 156] {
      case UInt8(ascii: "0"), UInt8(ascii: "7"), 0: name.hasSuffix("/") ? .other : .file
      case UInt8(ascii: "L"): .gnuLongName
      case UInt8(ascii: "x"): .pax
      default: .other
      }
    return TarHeader(name: name, count: count, kind: kind)
  }

  /// A numeric field: octal digits among spaces and zeros, or GNU's base 256, marked by its highest bit.
  private static func number(_ field: ArraySlice<UInt8>) -> Int? {
    guard let first = field.first else { return nil }
    if first == 0x80 {
      let value = field.dropFirst().reduce(into: (value: 0, overflow: false)) { result, byte in
        result.overflow = result.overflow || result.value >> 48 != 0
        result.value = result.value << 8 | Int(byte)
      }
      return value.overflow ? nil : value.value
    }
    let digits = field.drop { $0 == 0x20 }.prefix { $0 != 0x20 && $0 != 0 }
    return digits.isEmpty ? nil : Int(String(decoding: digits, as: UTF8.self), radix: 8).flatMap { $0 < 0 ? nil : $0 }
  }
}
