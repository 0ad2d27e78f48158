import CZstd
import Synchronization

/// One zstd frame in memory: with its content size and checksum, without a dictionary.
enum ZstdFrame {
  /// What libzstd, or a check around it, found wrong with a frame.
  struct Flaw: Error, CustomStringConvertible {
    let description: String
  }

  /// Compresses `bytes` into one frame.
  ///
  /// A new context for each frame makes the result a function of `bytes` and `level` alone.
  static func compress(_ bytes: [UInt8], level: Int) throws -> [UInt8] {
    guard let context = ZSTD_createCCtx() else { throw Flaw(description: "zstd found no memory for a context") }
    defer { ZSTD_freeCCtx(context) }
    try check(ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, Int32(level)))
    try check(ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1))
    let bound = try check(ZSTD_compressBound(bytes.count))
    return try [UInt8](unsafeUninitializedCapacity: bound) { buffer, count in
      count = try bytes.withUnsafeBytes { source in
        try check(ZSTD_compress2(context, buffer.baseAddress, buffer.count, source.baseAddress, source.count))
      }
    }
  }

  /// Decompresses a frame that fills `frame` exactly and holds `count` bytes; libzstd checks its checksum.
  static func decompress(_ frame: UnsafeRawBufferPointer, count: Int) throws -> [UInt8] {
    // Without the flag libzstd would check nothing. The four bytes before it are the magic number.
    guard frame.count > 8, frame[4] & 0b100 != 0 else { throw Flaw(description: "has no checksum") }
    let stated = ZSTD_getFrameContentSize(frame.baseAddress, frame.count)
    guard stated != CZstd_contentSizeError() else { throw Flaw(description: "does not start with a zstd frame") }
    guard stated != CZstd_contentSizeUnknown() else { throw Flaw(description: "does not state its content's size") }
    guard stated == UInt64(count) else {
      throw Flaw(description: "states \(stated) bytes of content, the seek table \(count)")
    }
    let length = try check(ZSTD_findFrameCompressedSize(frame.baseAddress, frame.count))
    guard length == frame.count else {
      throw Flaw(description: "ends after \(length) bytes, the seek table says after \(frame.count)")
    }
    return try withContext { context in
      try [UInt8](unsafeUninitializedCapacity: count) { buffer, written in
        written = try check(
          ZSTD_decompressDCtx(context, buffer.baseAddress, count, frame.baseAddress, frame.count))
        guard written == count else { throw Flaw(description: "holds \(written) bytes, expected \(count)") }
      }
    }
  }

  /// Contexts nobody uses now: making one costs as much as copying a picture.
  private static let spare = Mutex<[UInt]>([])

  private static func withContext<Result>(_ body: (OpaquePointer) throws -> Result) throws -> Result {
    let known = spare.withLock { $0.popLast() }
    guard let context = known.flatMap({ OpaquePointer(bitPattern: $0) }) ?? ZSTD_createDCtx() else {
      throw Flaw(description: "zstd found no memory for a context")
    }
    defer { spare.withLock { $0.append(UInt(bitPattern: context)) } }
    return try body(context)
  }

  /// The checksum a frame carries in its last four bytes: the low half of its content's XXH64.
  static func checksum(of frame: some BidirectionalCollection<UInt8>) -> UInt32 {
    frame.suffix(4).reversed().reduce(0) { $0 << 8 | UInt32($1) }
  }

  /// Passes a size through, or throws the error libzstd encoded in it.
  @discardableResult
  private static func check(_ result: Int) throws -> Int {
    guard ZSTD_isError(result) == 0 else { throw Flaw(description: String(cString: ZSTD_getErrorName(result))) }
    return result
  }
}
