import Files

/// A file of a checkpoint that is read block by block, each of which is checked before anybody sees it.
struct StoredFile: Sendable {
  let entry: Manifest.Entry
  private let file: FileReader
  /// Where each block begins in the file.
  private let offsets: [Int]

  /// Opens a file, which must be as long as its manifest says.
  init(_ entry: Manifest.Entry, in directory: String) throws {
    self.entry = entry
    file = try FileReader("\(directory)/\(entry.file)")
    var end = 0
    offsets = entry.blocks.map { block in
      defer { end += block.bytes }
      return end
    }
    guard file.count == end else { throw FileError(file.path, "has \(file.count) bytes, expected \(end)") }
  }

  var path: String { file.path }

  /// What the file holds when nothing of it is compressed any more: a range for each block.
  var contents: [Range<Int>] {
    var end = 0
    return entry.blocks.map { block in
      defer { end += block.contentBytes ?? block.bytes }
      return end..<end + (block.contentBytes ?? block.bytes)
    }
  }

  /// Room for any block of some files, as it is stored and as what it stands for.
  final class Buffers {
    fileprivate var stored: [UInt8]
    fileprivate var content: [UInt8]

    init(for files: [StoredFile]) {
      let blocks = files.flatMap(\.entry.blocks)
      stored = [UInt8](repeating: 0, count: blocks.map(\.bytes).max() ?? 0)
      content = [UInt8](repeating: 0, count: blocks.compactMap(\.contentBytes).max() ?? 0)
    }
  }

  /// Reads a block and compares its digest.
  func check(_ index: Int, _ buffers: Buffers) throws {
    let block = entry.blocks[index], offset = offsets[index]
    let found = try buffers.stored.withUnsafeMutableBytes { bytes in
      let bytes = UnsafeMutableRawBufferPointer(rebasing: bytes[..<block.bytes])
      try file.read(into: bytes, at: offset)
      return Digest(of: UnsafeRawBufferPointer(bytes))
    }
    guard found == block.digest else {
      let place = entry.blocks.count > 1 ? " for its bytes \(offset) to \(offset + block.bytes)" : ""
      throw FileError(path, "has digest \(found), expected \(block.digest)\(place): it is damaged")
    }
  }

  /// Lends what a block stands for, once it is proved to be what was written.
  func read(_ index: Int, _ buffers: Buffers, _ body: (UnsafeRawBufferPointer) throws -> Void) throws {
    try check(index, buffers)
    let block = entry.blocks[index]
    try buffers.stored.withUnsafeBytes { stored in
      let stored = UnsafeRawBufferPointer(rebasing: stored[..<block.bytes])
      guard let contentBytes = block.contentBytes else { return try body(stored) }
      try buffers.content.withUnsafeMutableBytes { content in
        let content = UnsafeMutableRawBufferPointer(rebasing: content[..<contentBytes])
        do {
          try BlockCompression.decompress(stored, into: content)
        } catch let flaw as BlockCompression.Flaw {
          throw FileError(path, "is not the zstd its digest says it was: \(flaw)")
        }
        try body(UnsafeRawBufferPointer(content))
      }
    }
  }

  /// The whole content.
  func content() throws -> [UInt8] {
    let buffers = Buffers(for: [self])
    var all: [UInt8] = []
    for index in entry.blocks.indices { try read(index, buffers) { all += $0 } }
    return all
  }
}
