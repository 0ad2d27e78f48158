import Files

extension Manifest {
  /// Neighbouring bytes of a file that have a digest of their own, so that a rank can prove what it reads without
  /// reading the rest. A manifest may have thousands: each is one text, such as `4194304 xxh64:0123456789abcdef`.
  struct Block: Codable, Equatable {
    /// Bytes in the file.
    let bytes: Int
    /// Bytes they stand for where the block is compressed (``BlockCompression``); the text has them behind a slash,
    /// as in `4210816/4194304`.
    let contentBytes: Int?
    /// The digest of the bytes in the file.
    let digest: Digest

    init(bytes: Int, contentBytes: Int? = nil, digest: Digest) {
      self.bytes = bytes
      self.contentBytes = contentBytes
      self.digest = digest
    }

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      let text = try container.decode(String.self)
      let words = text.split(separator: " ", omittingEmptySubsequences: false)
      let sizes = words[0].split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
      // A manifest that another program wrote may say anything: memory for a block must be to be had.
      guard words.count == 2, sizes.count <= 2, let digest = Digest(String(words[1])),
        sizes.allSatisfy({ (0...Self.largest).contains($0 ?? -1) }), let bytes = sizes[0]
      else {
        throw DecodingError.dataCorruptedError(
          in: container, debugDescription: "found \"\(text)\", expected a length and a digest")
      }
      self.init(bytes: bytes, contentBytes: sizes.count == 2 ? sizes[1] : nil, digest: digest)
    }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      try container.encode("\(bytes)\(contentBytes.map { "/\($0)" } ?? "") \(digest)")
    }

    private static let largest = 1 << 26
  }
}
