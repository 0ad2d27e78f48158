import Files

/// The table at the end of a shard that says where each zstd frame starts.
///
/// zstd's seekable format, version 0.1.0: a skippable frame, the last of the file, little-endian throughout:
/// ```
/// u32 0x184D2A5E   u32 bytes that follow                       header of a skippable frame
/// u32 compressed size   u32 content size   u32 checksum        for each frame
/// u32 frames   u8 descriptor   u32 0x8F92EAB1                  footer
/// ```
/// Bit 7 of the descriptor says that the entries have checksums (ours always do); bits 6 to 2 must be 0.
struct SeekTable: Equatable {
  /// Where one frame lies, and what it holds.
  struct Frame: Equatable {
    let offset: Int
    let count: Int
    let contentCount: Int
    /// The low half of the content's XXH64, which is also the frame's own checksum.
    let checksum: UInt32
  }

  /// The frames, which follow each other from byte 0 on.
  private(set) var frames: [Frame] = []

  /// Bytes of all frames before the table.
  var compressedCount: Int { frames.last.map { $0.offset + $0.count } ?? 0 }
  /// Bytes of all frames' contents.
  var contentCount: Int { frames.reduce(0) { $0 + $1.contentCount } }
  /// Bytes of the table itself.
  var byteCount: Int { Self.byteCount(frames: frames.count) }

  private static let skippableMagic: UInt32 = 0x184D_2A5E
  private static let seekableMagic: UInt32 = 0x8F92_EAB1
  private static let headerCount = 8
  private static let entryCount = 12
  private static let footerCount = 9

  private static func byteCount(frames: Int) -> Int { headerCount + frames * entryCount + footerCount }

  /// A table of no frames yet.
  init() {}

  /// Adds a frame behind the last.
  mutating func append(count: Int, contentCount: Int, checksum: UInt32) {
    frames.append(Frame(offset: compressedCount, count: count, contentCount: contentCount, checksum: checksum))
  }

  /// The table as a skippable frame.
  var bytes: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(byteCount)
    bytes.append(littleEndian: Self.skippableMagic)
    bytes.append(littleEndian: UInt32(byteCount - Self.headerCount))
    for frame in frames {
      bytes.append(littleEndian: UInt32(frame.count))
      bytes.append(littleEndian: UInt32(frame.contentCount))
      bytes.append(littleEndian: frame.checksum)
    }
    bytes.append(littleEndian: UInt32(frames.count))
    bytes.append(0x80)
    bytes.append(littleEndian: Self.seekableMagic)
    return bytes
  }

  /// Reads the table at the end of `file`, and checks it against the file's size.
  ///
  /// Nothing larger than the file is ever allocated, whatever the table says.
  ///
  /// - Returns: the table, and the digest of its bytes.
  static func read(from file: FileReader) throws -> (table: SeekTable, digest: Digest) {
    func flaw(_ reason: String) -> FileError { FileError(file.path, "seek table: \(reason)") }
    guard file.count >= byteCount(frames: 0) else {
      throw flaw("the file has only \(file.count) bytes: it was cut short")
    }
    let footer = try file.read(footerCount, at: file.count - footerCount)
    guard footer.littleEndian(at: 5) == seekableMagic else {
      throw flaw("not found at the end of the file: it was cut short, or bytes were added")
    }
    guard footer[4] & 0b0111_1100 == 0 else { throw flaw("descriptor has reserved bits set") }
    guard footer[4] & 0b1000_0000 != 0 else { throw flaw("has no checksums, expected them") }
    let frames = Int(footer.littleEndian(at: 0))
    guard byteCount(frames: frames) <= file.count else {
      throw flaw("claims \(frames) frames, more than a file of \(file.count) bytes can hold")
    }
    let bytes = try file.read(byteCount(frames: frames), at: file.count - byteCount(frames: frames))
    guard bytes.littleEndian(at: 0) == skippableMagic else {
      throw flaw("does not start where \(frames) frames put it")
    }
    guard Int(bytes.littleEndian(at: 4)) == bytes.count - headerCount else {
      throw flaw("claims \(bytes.littleEndian(at: 4)) bytes, expected \(bytes.count - headerCount)")
    }
    var table = SeekTable()
    table.frames.reserveCapacity(frames)
    for entry in stride(from: headerCount, to: bytes.count - footerCount, by: entryCount) {
      table.append(
        count: Int(bytes.littleEndian(at: entry)), contentCount: Int(bytes.littleEndian(at: entry + 4)),
        checksum: bytes.littleEndian(at: entry + 8))
    }
    guard table.compressedCount + bytes.count == file.count else {
      throw flaw(
        "its frames have \(table.compressedCount) bytes, the file has \(file.count - bytes.count) before the table")
    }
    guard table.contentCount % TarHeader.blockCount == 0 else {
      throw flaw("content of \(table.contentCount) bytes is not a whole number of tar blocks")
    }
    return (table, Digest(of: bytes))
  }
}

extension [UInt8] {
  fileprivate mutating func append(littleEndian value: UInt32) {
    for shift in stride(from: 0, to: 32, by: 8) { append(UInt8(truncatingIfNeeded: value >> shift)) }
  }

  fileprivate func littleEndian(at offset: Int) -> UInt32 {
    self[offset..<offset + 4].reversed().reduce(0) { $0 << 8 | UInt32($1) }
  }
}
