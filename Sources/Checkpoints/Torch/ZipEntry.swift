/// A file in a zip archive, as the archive's directory has it.
struct ZipEntry: Sendable, Equatable {
  /// Its path in the archive.
  let name: String
  /// Bits that say how it is stored.
  let flags: UInt16
  /// How it is compressed; 0 is not at all.
  let method: UInt16
  /// The check sum of its content.
  let crc: UInt32
  /// Bytes it takes in the archive.
  let storedCount: Int
  /// Bytes of its content.
  let count: Int
  /// Where its local header begins.
  let offset: Int

  /// Sizes and check sum follow the data, in place of zeros before them.
  static let hasDescriptor: UInt16 = 1 << 3
  /// The name is UTF-8.
  static let isUTF8: UInt16 = 1 << 11

  /// Whether the bytes in the archive are the content's own.
  var isPlain: Bool {
    method == 0 && storedCount == count && flags & ~(Self.hasDescriptor | Self.isUTF8) == 0
  }
}
