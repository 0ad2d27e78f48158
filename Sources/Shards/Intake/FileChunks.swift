import Files

/// The bytes of a file, as they are.
struct FileChunks: ByteChunks {
  private let file: FileReader
  private var offset = 0

  init(_ file: FileReader) {
    self.file = file
  }

  var fraction: Double { file.count == 0 ? 1 : Double(offset) / Double(file.count) }

  mutating func next() throws -> [UInt8] {
    let chunk = try file.read(min(1 << 18, file.count - offset), at: offset)
    offset += chunk.count
    return chunk
  }
}
