import CZstd
import Files

/// The content of a zstd file of any number of frames, skippable ones included.
final class ZstdChunks: ByteChunks {
  private let path: String
  private var compressed: FileChunks
  private var input: [UInt8] = []
  private var consumed = 0
  private let context: OpaquePointer
  /// Whether the last call to libzstd ended a frame with nothing left over.
  private var isBetweenFrames = true

  init(_ file: FileReader) throws {
    path = file.path
    compressed = FileChunks(file)
    guard let context = ZSTD_createDStream() else { throw FileError(file.path, "zstd found no memory for a context") }
    self.context = context
  }

  deinit { ZSTD_freeDStream(context) }

  var fraction: Double { compressed.fraction }

  func next() throws -> [UInt8] {
    while true {
      if consumed == input.count {
        input = try compressed.next()
        consumed = 0
        // An empty chunk is fed to libzstd too: a frame whose end it has read may still have content to hand out.
        if input.isEmpty && isBetweenFrames { return [] }
      }
      let chunk = try decompress()
      if !chunk.isEmpty { return chunk }
      guard !input.isEmpty || isBetweenFrames else {
        throw FileError(path, "ends inside a zstd frame: it was cut short; fetch or make it again")
      }
    }
  }

  private func decompress() throws -> [UInt8] {
    try [UInt8](unsafeUninitializedCapacity: 1 << 18) { buffer, count in
      try input.withUnsafeBytes { bytes in
        var source = ZSTD_inBuffer(src: bytes.baseAddress, size: bytes.count, pos: consumed)
        var target = ZSTD_outBuffer(dst: buffer.baseAddress, size: buffer.count, pos: 0)
        let result = ZSTD_decompressStream(context, &target, &source)
        guard ZSTD_isError(result) == 0 else {
          let reason = String(cString: ZSTD_getErrorName(result))
          throw FileError(path, "is not intact zstd: \(reason); fetch or make it again")
        }
        consumed = source.pos
        count = target.pos
        isBetweenFrames = result == 0
      }
    }
  }
}
