import Files

/// `MANIFEST.json`: what a checkpoint consists of, and the checksums that prove it.
///
/// The last member of the JSON is the digest of all bytes before it, so that a change anywhere in the manifest itself
/// is found too.
struct Manifest: Codable, Equatable {
  /// A file, as blocks one behind the other.
  struct Entry: Codable, Equatable {
    let file: String
    let blocks: [Block]

    /// The length of the file.
    var bytes: Int { blocks.reduce(0) { $0 + $1.bytes } }
  }

  var format = Self.format
  let step: Int
  let files: [Entry]

  static let name = "MANIFEST.json"
  private static let format = "swift-clip checkpoint 2"

  init(step: Int, files: [Entry]) {
    self.step = step
    self.files = files
  }

  /// Writes the manifest into a directory that has not got its name yet.
  func write(into directory: String) throws {
    // The encoder ends with "\n}"; the digest comes before that brace.
    let body = Array(try JSONFile.encode(self).dropLast(2))
    try SharedFile.write(body + Self.tail(after: body), to: "\(directory)/\(Self.name)")
  }

  /// Reads the manifest of a directory and checks its own digest.
  static func read(from directory: String) throws -> Manifest {
    let path = "\(directory)/\(name)"
    let bytes = try FileReader.contents(of: path, most: 64 << 20)
    let body = Array(bytes.dropLast(tail(after: []).count))
    guard tail(after: body) == bytes.suffix(from: body.count) else {
      throw FileError(path, "does not end with the digest of what it says, \(Digest(of: body)): it is damaged")
    }
    // Another version may have other members, so its name is looked at first.
    struct Header: Codable { let format: String }
    let found = try JSONFile.decode(Header.self, from: bytes, of: path).format
    guard found == format else {
      throw FileError(path, "has the format \"\(found)\", expected \"\(format)\": another version wrote it")
    }
    return try JSONFile.decode(Manifest.self, from: bytes, of: path)
  }

  private static func tail(after body: [UInt8]) -> ArraySlice<UInt8> {
    Array(",\n  \"xxh64\" : \"\(Digest(of: body))\"\n}\n".utf8)[...]
  }
}
