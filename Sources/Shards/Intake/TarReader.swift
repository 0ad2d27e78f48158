import Files

/// The members of somebody's tar, one after the other.
///
/// Understands USTAR, GNU's long names and sizes, and pax's `path` and `size`. A tar that ends without its end
/// marker was cut short, and is refused.
struct TarReader {
  private let path: String
  private var chunks: any ByteChunks
  private var chunk: [UInt8] = []
  private var used = 0
  /// Bytes of the current member, padding included, that were not read yet.
  private var unread = 0
  private var isAtEnd = false

  /// - Parameters:
  ///   - path: the file's name, for errors.
  ///   - chunks: the bytes of the tar itself.
  init(path: String, _ chunks: any ByteChunks) {
    self.path = path
    self.chunks = chunks
  }

  /// How much of the file was read, from 0 to 1.
  var fraction: Double { chunks.fraction }

  /// The header of the next regular file; nil at the end of the tar.
  mutating func next() throws -> TarHeader? {
    if isAtEnd { return nil }
    var longName: String?
    var pax: [String: String] = [:]
    while true {
      try skip(unread)
      unread = 0
      guard var header = try nextHeader() else { return nil }
      unread = TarHeader.padded(header.count)
      switch header.kind {
      case .gnuLongName:
        longName = String(nameOf: try attribute(header).prefix { $0 != 0 })
      case .pax:
        pax = Self.records(try attribute(header))
      case .other:
        (longName, pax) = (nil, [:])
      case .file:
        if let name = pax["path"] ?? longName { header.name = name }
        if let text = pax["size"] {
          guard let count = Int(text), (0...1 << 56).contains(count) else {
            throw FileError(path, "pax size \"\(text)\" of \(header.name)")
          }
          header.count = count
          unread = TarHeader.padded(count)
        }
        return header
      }
    }
  }

  /// The data of the member whose header ``next()`` returned last.
  mutating func data(of header: TarHeader) throws -> [UInt8] {
    let bytes = try read(header.count)
    unread -= header.count
    return bytes
  }

  private mutating func nextHeader() throws -> TarHeader? {
    do {
      if let header = try TarHeader.read(try read(TarHeader.blockCount)[...]) { return header }
    } catch let flaw as TarHeader.Flaw {
      throw FileError(path, "is not an intact tar: \(flaw); fetch or make it again")
    }
    // Zeros in the middle, as a lost page leaves them, must not pass for the end.
    repeat {
      guard chunk[used...].allSatisfy({ $0 == 0 }) else {
        throw FileError(path, "continues after the zeros that end a tar: part of it was lost; fetch or make it again")
      }
      (chunk, used) = (try chunks.next(), 0)
    } while !chunk.isEmpty
    isAtEnd = true
    return nil
  }

  /// The data of a member that only describes the next one.
  private mutating func attribute(_ header: TarHeader) throws -> [UInt8] {
    guard header.count <= 1 << 20 else {
      throw FileError(
        path,
        "tells \(header.count) bytes about a member before it, expected a name and little else, at most "
          + "\(1 << 20): make the tar again without them")
    }
    return try data(of: header)
  }

  private mutating func read(_ count: Int) throws -> [UInt8] {
    var bytes: [UInt8] = []
    try advance(count) { bytes += $0 }
    return bytes
  }

  private mutating func skip(_ count: Int) throws {
    try advance(count) { _ in }
  }

  private mutating func advance(_ count: Int, _ take: (ArraySlice<UInt8>) -> Void) throws {
    var left = count
    while left > 0 {
      if used == chunk.count {
        (chunk, used) = (try chunks.next(), 0)
        guard !chunk.isEmpty else {
          throw FileError(path, "ends without the zeros that end a tar: it was cut short; fetch or make it again")
        }
      }
      let part = chunk[used..<min(used + left, chunk.count)]
      take(part)
      used += part.count
      left -= part.count
    }
  }

  /// pax records: `length key=value\n`, the length counting all of it in decimal.
  private static func records(_ bytes: [UInt8]) -> [String: String] {
    var records: [String: String] = [:]
    var rest = bytes[...]
    while let space = rest.firstIndex(of: 0x20),
      let length = Int(String(decoding: rest[..<space], as: UTF8.self)), length > space - rest.startIndex + 1,
      length <= rest.count
    {
      let record = rest[(space + 1)..<(rest.startIndex + length - 1)]
      if let equals = record.firstIndex(of: UInt8(ascii: "=")) {
        let key = String(decoding: record[..<equals], as: UTF8.self)
        records[key] = String(nameOf: record[(equals + 1)...])
      }
      rest = rest.dropFirst(length)
    }
    return records
  }
}
