/// UTF-8, and the two deviations found in the wild: surrogate pairs encoded one by one (CESU-8), and C0 80 for U+0000
/// (Java). This is ftfy's `utf-8-variants` codec.
enum UTF8Variants {
  /// The text in `bytes`, or nil where they are neither UTF-8 nor one of the variants.
  static func decode(_ bytes: [UInt8]) -> [Unicode.Scalar]? {
    guard bytes.contains(0xed) || bytes.contains(0xc0) else {
      return String(validating: bytes, as: UTF8.self).map { Array($0.unicodeScalars) }
    }
    var standard: [UInt8] = []
    var index = 0
    while index < bytes.count {
      if bytes[index] == 0xc0, isNull(bytes, at: index) {
        standard.append(0)
        index += 2
      } else if let scalar = surrogatePair(bytes, at: index) {
        standard += Array(String(scalar).utf8)
        index += 6
      } else {
        standard.append(bytes[index])
        index += 1
      }
    }
    return String(validating: standard, as: UTF8.self).map { Array($0.unicodeScalars) }
  }

  /// C0 80; and, as in the original, C0 before the line feed that ends the text.
  private static func isNull(_ bytes: [UInt8], at index: Int) -> Bool {
    guard index + 1 < bytes.count else { return false }
    return bytes[index + 1] == 0x80 || (bytes[index + 1] == 0x0a && index + 2 == bytes.count)
  }

  /// The character of six bytes `ED Ax xx ED Bx xx`.
  private static func surrogatePair(_ bytes: [UInt8], at index: Int) -> Unicode.Scalar? {
    guard index + 6 <= bytes.count else { return nil }
    let six = bytes[index..<index + 6].map { UInt32($0) }
    guard six[0] == 0xed, six[3] == 0xed, six[1] & 0xf0 == 0xa0, six[4] & 0xf0 == 0xb0,
      six[2] & 0xc0 == 0x80, six[5] & 0xc0 == 0x80
    else { return nil }
    let high = (six[1] & 0xf) << 16 | (six[2] & 0x3f) << 10
    return Unicode.Scalar(0x10000 + high + ((six[4] & 0xf) << 6 | six[5] & 0x3f))
  }
}
