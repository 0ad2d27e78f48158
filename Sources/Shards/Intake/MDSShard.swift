import Files

/// One open MDS shard, read from its first sample to its last.
struct MDSShard {
  /// A sample's columns.
  struct Sample {
    /// Made of the shard's number and the sample's: MDS knows no names.
    let name: String
    let columns: [ArraySlice<UInt8>]
  }

  private let shard: MDSIndex.Shard
  private let number: Int
  private let path: String
  private var chunks: any ByteChunks
  private var chunk: [UInt8] = []
  private var used = 0
  private let digest = RunningDigest()
  /// Bytes of the uncompressed shard read so far.
  private var position = 0
  /// Where the samples start, and behind the last where it ends.
  private var offsets: [Int] = []
  /// The number of the sample that comes next.
  private var upcoming = 0

  /// What lies between the table and the samples repeats `index.json`.
  private static let longestConfiguration = 16 << 20

  init(_ shard: MDSIndex.Shard, number: Int, in directory: String) throws {
    self.shard = shard
    self.number = number
    let raw = "\(directory)/\(shard.rawData.basename)"
    if let zip = shard.zipData, !Directory.exists(raw) {
      path = "\(directory)/\(zip.basename)"
      let file = try Self.open(path, bytes: zip.bytes)
      switch shard.compression?.prefix(while: { $0 != ":" }) {
      case "zstd": chunks = try ZstdChunks(file)
      case "gz": chunks = try GzipChunks(file)
      default:
        throw FileError(
          path,
          "is compressed with \(shard.compression ?? "nothing"), expected zstd or gz: decompress it with streaming")
      }
    } else {
      path = raw
      chunks = FileChunks(try Self.open(raw, bytes: shard.rawData.bytes))
    }
    try readOffsets()
  }

  private static func open(_ path: String, bytes: Int) throws -> FileReader {
    let file = try FileReader(path)
    guard file.count == bytes else {
      throw FileError(path, "has \(file.count) bytes, index.json says \(bytes): fetch or make it again")
    }
    return file
  }

  /// How much of the shard was read, from 0 to 1.
  var fraction: Double { shard.samples == 0 ? 1 : Double(upcoming) / Double(shard.samples) }

  private mutating func readOffsets() throws {
    let samples = try read(4).littleEndian(at: 0)
    guard samples == shard.samples else {
      throw FileError(path, "holds \(samples) samples, index.json says \(shard.samples): fetch or make it again")
    }
    // So many offsets must fit the file before any is kept.
    guard 4 * (samples + 2) <= shard.rawData.bytes else { throw damaged("its table does not fit it") }
    let table = try read(4 * (samples + 1))
    offsets = (0...samples).map { table.littleEndian(at: 4 * $0) }
    guard let first = offsets.first, let last = offsets.last, first >= position, last == shard.rawData.bytes,
      zip(offsets, offsets.dropFirst()).allSatisfy({ $0 <= $1 })
    else { throw damaged("its table of offsets does not fit its \(shard.rawData.bytes) bytes") }
    guard first - position <= Self.longestConfiguration else { throw damaged("its first sample starts at \(first)") }
    _ = try read(first - position)
  }

  /// The next sample; nil behind the last.
  mutating func next() throws -> Sample? {
    guard upcoming < shard.samples else {
      try checkDigest()
      return nil
    }
    defer { upcoming += 1 }
    let count = offsets[upcoming + 1] - offsets[upcoming]
    guard count <= ShardLimits.inputCount else { throw damaged("sample \(upcoming) has \(count) bytes") }
    let bytes = try read(count)
    let variable = shard.columnSizes.count { $0 == nil }
    guard 4 * variable <= count else { throw damaged("sample \(upcoming) has \(count) bytes") }
    var sizes = (0..<variable).map { bytes.littleEndian(at: 4 * $0) }[...]
    var offset = 4 * variable
    let columns = try shard.columnSizes.map { size in
      let size = size ?? sizes.popFirst() ?? 0
      guard size <= count - offset else { throw damaged("sample \(upcoming) is shorter than its columns") }
      defer { offset += size }
      return bytes[offset..<offset + size]
    }
    guard offset == count else { throw damaged("sample \(upcoming) is longer than its columns") }
    return Sample(name: "\(digits(number, 5))-\(digits(upcoming, 7))", columns: columns)
  }

  /// Compares what was read with the digest `index.json` has, if it has one that is understood.
  private func checkDigest() throws {
    guard let stated = shard.rawData.hashes["xxh64"] else { return }
    guard Digest("xxh64:\(stated)") == digest.digest else {
      throw damaged("its digest is \(digest.digest), index.json says xxh64:\(stated)")
    }
  }

  private func digits(_ number: Int, _ width: Int) -> String {
    let text = String(number)
    return String(repeating: "0", count: max(0, width - text.count)) + text
  }

  private func damaged(_ what: String) -> FileError {
    FileError(path, "is not an intact MDS shard: \(what); fetch or make it again")
  }

  private mutating func read(_ count: Int) throws -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count)
    while bytes.count < count {
      if used == chunk.count {
        (chunk, used) = (try chunks.next(), 0)
        guard !chunk.isEmpty else { throw damaged("it ends at byte \(position + bytes.count)") }
        chunk.withUnsafeBytes { digest.append($0) }
      }
      let part = chunk[used..<min(used + count - bytes.count, chunk.count)]
      bytes += part
      used += part.count
    }
    position += count
    return bytes
  }
}

extension [UInt8] {
  /// The unsigned 32-bit number whose first byte, the lowest, is at `offset`.
  fileprivate func littleEndian(at offset: Int) -> Int {
    (0..<4).reduce(0) { $0 | Int(self[offset + $1]) << (8 * $1) }
  }
}
