import Files

/// One open shard, checked against its entry in the index.
final class Shard: Sendable {
  /// The file.
  let file: FileReader
  /// Where its frames lie.
  let table: SeekTable
  private let entry: ShardIndex.Entry

  /// Opens a shard, and checks its size and its seek table, but none of its frames.
  init(_ entry: ShardIndex.Entry, in directory: String) throws {
    self.entry = entry
    file = try FileReader("\(directory)/\(entry.name)")
    guard file.count == entry.bytes else { throw Self.sizeError(file.path, found: file.count, entry) }
    let (table, digest) = try SeekTable.read(from: file)
    guard table.frames.count == entry.frames, table.contentCount == entry.rawBytes else {
      throw FileError(
        file.path,
        "seek table has \(table.frames.count) frames of \(table.contentCount) bytes, "
          + "index.json says \(entry.frames) of \(entry.rawBytes)")
    }
    guard digest == entry.tailDigest else {
      throw FileError(file.path, "seek table has digest \(digest), index.json says \(entry.tailDigest)")
    }
    if let frame = table.frames.firstIndex(where: { $0.contentCount > ShardLimits.frameCount }) {
      throw FileError(file.path, "frame \(frame) holds more than \(ShardLimits.frameCount) bytes")
    }
    self.table = table
  }

  static func sizeError(_ path: String, found: Int, _ entry: ShardIndex.Entry) -> FileError {
    FileError(path, "has \(found) bytes, index.json says \(entry.bytes): fetch or pack it again")
  }

  /// Reads a frame's compressed bytes, into memory that is lent for as long as `body` takes.
  func withCompressedFrame<Result>(
    _ number: Int, _ body: (UnsafeRawBufferPointer) throws -> Result
  ) throws -> Result {
    try LentMemory.with(table.frames[number].count) { memory in
      try file.read(into: memory, at: table.frames[number].offset)
      return try body(UnsafeRawBufferPointer(memory))
    }
  }

  /// Reads and checks a frame.
  func frame(_ number: Int) throws -> Frame {
    try withCompressedFrame(number) { try frame(number, compressed: $0) }
  }

  /// Checks and opens a frame whose compressed bytes were read already.
  func frame(_ number: Int, compressed: UnsafeRawBufferPointer) throws -> Frame {
    let first = number * ShardLimits.samplesPerFrame
    let samples = min(ShardLimits.samplesPerFrame, entry.samples - first)
    do {
      try checkChecksum(number, stored: ZstdFrame.checksum(of: compressed))
      let content = try ZstdFrame.decompress(compressed, count: table.frames[number].contentCount)
      return try Frame(content, samples: samples, isLast: number == entry.frames - 1)
    } catch let error where !(error is FileError) {
      throw FileError(
        file.path,
        "frame \(number) of \(entry.frames) (samples \(first) to \(first + samples - 1)): \(error): fetch or pack it again"
      )
    }
  }

  /// Compares a frame's own checksum with the seek table's, without looking at its content.
  func checkChecksum(_ number: Int) throws {
    let frame = table.frames[number]
    guard frame.count > 4 else {
      throw FileError(file.path, "frame \(number) of \(entry.frames) has \(frame.count) bytes")
    }
    try checkChecksum(number, stored: ZstdFrame.checksum(of: try file.read(4, at: frame.offset + frame.count - 4)))
  }

  private func checkChecksum(_ number: Int, stored: UInt32) throws {
    let expected = table.frames[number].checksum
    guard stored == expected else {
      throw FileError(
        file.path,
        "frame \(number) of \(entry.frames) ends with checksum \(String(stored, radix: 16)), "
          + "the seek table says \(String(expected, radix: 16))")
    }
  }
}
