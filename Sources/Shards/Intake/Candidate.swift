import Files

/// What a source takes for a sample, before anything was read or checked that could wait.
struct Candidate: Sendable {
  /// Bytes at hand, or still in a file.
  enum Content: Sendable {
    case bytes([UInt8])
    case file(String)
    /// More bytes than are ever read.
    case tooLarge
  }

  /// The name it has at its source.
  var name: String
  var picture: Content?
  var caption: Content?
  var json: Content?
  /// How the picture is encoded, where it comes out of a shard: such a picture is stored as it is.
  var storedFormat: StoredFormat?
  /// Why it cannot be used, when that is known already.
  var flaw: UnusableSample?
  /// The number of the input it comes from.
  var input = 0
  /// How much of all inputs was passed when it was found, from 0 to 1.
  var fraction = 0.0

  /// What tells it from others that might lie where it lay: its name, what of it was read to find it, and
  /// where the rest lies.
  var mark: Digest {
    var bytes = Array(name.utf8)
    for content in [picture, caption, json] {
      let part =
        switch content {
        case .bytes(let bytes): "\(Digest(of: bytes))"
        case .file(let path): "in \(path)"
        case .tooLarge: "too large"
        case nil: "none"
        }
      bytes += Array("\n\(part)".utf8)
    }
    return Digest(of: bytes)
  }

  /// Whether there is something a caption may come from.
  var hasCaption: Bool { caption != nil || json != nil }
}

extension Candidate.Content {
  /// The bytes; nil when there is no such file.
  func load() throws -> [UInt8]? {
    switch self {
    case .bytes(let bytes): return bytes
    case .tooLarge: throw UnusableSample.tooLarge
    case .file(let path):
      guard Directory.exists(path) else { return nil }
      guard Directory.isFile(path) else { throw UnusableSample.notAFile }
      let file = try FileReader(path)
      guard file.count <= ShardLimits.inputCount else { throw UnusableSample.tooLarge }
      return try file.read(file.count, at: 0)
    }
  }
}
