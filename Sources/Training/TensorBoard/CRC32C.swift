/// The check sum of a TFRecord: the cyclic redundancy check with Castagnoli's polynomial (RFC 3720), reflected.
package enum CRC32C {
  private static let table: [UInt32] = (0..<256).map { byte in
    (0..<8).reduce(UInt32(byte)) { value, _ in value >> 1 ^ (value & 1 == 1 ? 0x82F6_3B78 : 0) }
  }

  /// The sum of all bytes.
  package static func value(of bytes: [UInt8]) -> UInt32 {
    let table = table
    return ~bytes.reduce(~0) { table[Int(($0 ^ UInt32($1)) & 0xFF)] ^ $0 >> 8 }
  }

  /// The sum as a TFRecord holds it. A sum of bytes that contain their own sum says little, so it is turned and shifted.
  package static func masked(of bytes: [UInt8]) -> UInt32 {
    let sum = value(of: bytes)
    return (sum >> 15 | sum << 17) &+ 0xA282_EAD8
  }
}
