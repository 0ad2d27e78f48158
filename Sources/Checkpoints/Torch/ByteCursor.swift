/// Reads bytes one after the other; never past their end.
struct ByteCursor {
  /// The bytes end where more were expected.
  struct End: Error {}

  private let bytes: [UInt8]
  private(set) var position = 0

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
  }

  /// Whether nothing is left.
  var isAtEnd: Bool { position == bytes.count }

  /// The next `count` bytes.
  mutating func take(_ count: Int) throws(End) -> ArraySlice<UInt8> {
    guard count >= 0, count <= bytes.count - position else { throw End() }
    defer { position += count }
    return bytes[position..<position + count]
  }

  /// The next number, little-endian.
  mutating func number<Number: FixedWidthInteger & UnsignedInteger>(_: Number.Type) throws(End) -> Number {
    try take(MemoryLayout<Number>.size).reversed().reduce(0) { $0 << 8 | Number($1) }
  }

  /// The next number as a size or an offset; one that no file can have becomes the largest, which fits nowhere.
  mutating func size<Number: FixedWidthInteger & UnsignedInteger>(_ type: Number.Type) throws(End) -> Int {
    Int(clamping: try number(type))
  }

  /// The bytes up to the next line feed, which is passed over.
  mutating func line() throws(End) -> ArraySlice<UInt8> {
    guard let end = bytes[position...].firstIndex(of: UInt8(ascii: "\n")) else { throw End() }
    defer { position = end + 1 }
    return bytes[position..<end]
  }
}
