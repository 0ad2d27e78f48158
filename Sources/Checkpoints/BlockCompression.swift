import CZstd
import Files

/// How blocks of the optimizer's files are compressed: each into a slot whose length is known before.
///
/// Every rank writes its blocks where they belong without asking the others how long theirs came out. A slot is one
/// zstd frame and, up to its end, one that decoders skip: so the file is what `zstd -d` expects. The bytes skipped are
/// never written, and take no room on the disk.
///
/// Moments that training moves are noise to a compressor; those of tokens that no caption has are zeros. Measured after
/// 600 steps of the emoji recipe (CLIP's vocabulary, of which captions use little): level -5 leaves 43 % at 3.7 GB/s,
/// level 1 39 % at 0.8 GB/s; without the zeros it would be 100 % and 91 %.
final class BlockCompression {
  private let context: OpaquePointer
  private static let level: Int32 = -5
  private static let skippableMagic: UInt32 = 0x184D_2A50
  private static let skippableHeaderBytes = 8

  init() throws {
    guard let context = ZSTD_createCCtx() else { throw Flaw(description: "zstd found no memory for a context") }
    self.context = context
    try Self.check(ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, Self.level))
    try Self.check(ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1))
  }

  deinit { ZSTD_freeCCtx(context) }

  /// What libzstd found wrong.
  struct Flaw: Error, CustomStringConvertible {
    let description: String
  }

  /// The length of the slot of a block: that of zstd's worst case and of the beginning of what is skipped, up to a whole
  /// number of a disk's blocks, so that slots begin with one.
  static func slotBytes(for contentBytes: Int) -> Int { (contentBytes + contentBytes / 256 + 128 + 4095) / 4096 * 4096 }

  /// Compresses a block into its slot, whatever that held before.
  ///
  /// - Returns: how many bytes of the slot are to be written; the others are zero, as a file is where nobody has written.
  func compress(_ content: UnsafeRawBufferPointer, into slot: UnsafeMutableRawBufferPointer) throws -> Int {
    let skipped = Self.skippableHeaderBytes
    let count = try Self.check(
      ZSTD_compress2(context, slot.baseAddress, slot.count - skipped, content.baseAddress, content.count))
    slot.storeBytes(of: Self.skippableMagic.littleEndian, toByteOffset: count, as: UInt32.self)
    slot.storeBytes(of: UInt32(slot.count - count - skipped).littleEndian, toByteOffset: count + 4, as: UInt32.self)
    UnsafeMutableRawBufferPointer(rebasing: slot[(count + skipped)...]).initializeMemory(as: UInt8.self, repeating: 0)
    return count + skipped
  }

  /// Fills `content` with what a slot holds.
  static func decompress(_ slot: UnsafeRawBufferPointer, into content: UnsafeMutableRawBufferPointer) throws {
    let count = try check(ZSTD_decompress(content.baseAddress, content.count, slot.baseAddress, slot.count))
    guard count == content.count else { throw Flaw(description: "holds \(count) bytes, expected \(content.count)") }
  }

  @discardableResult
  private static func check(_ result: Int) throws -> Int {
    guard ZSTD_isError(result) == 0 else { throw Flaw(description: String(cString: ZSTD_getErrorName(result))) }
    return result
  }
}
