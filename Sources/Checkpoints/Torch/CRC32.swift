import CZlib

/// The check sum of zip archives.
struct CRC32 {
  /// The sum of all bytes so far.
  private(set) var value: UInt32 = 0

  /// Takes further bytes in.
  mutating func update(_ bytes: [UInt8]) {
    value = bytes.withUnsafeBytes { bytes in
      // zlib takes no bytes at all as a wish for the initial value.
      guard let begin = bytes.baseAddress, !bytes.isEmpty else { return value }
      return UInt32(truncatingIfNeeded: crc32_z(UInt(value), begin.assumingMemoryBound(to: UInt8.self), bytes.count))
    }
  }
}
