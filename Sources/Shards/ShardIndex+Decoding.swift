import Files

/// Reading an index takes note of every key: one that is not known may be a known one that was damaged.
extension ShardIndex {
  /// Reads an index that agrees with its types.
  public init(from decoder: any Decoder) throws {
    try decoder.refuseKeys(besides: CodingKeys.allCases)
    let container = try decoder.container(keyedBy: CodingKeys.self)
    format = try container.decode(String.self, forKey: .format)
    version = try container.decode(Int.self, forKey: .version)
    samples = try container.decode(Int.self, forKey: .samples)
    samplesPerFrame = try container.decode(Int.self, forKey: .samplesPerFrame)
    digest = try container.decode(Digest.self, forKey: .digest)
    pictures = try container.decode([String: Int].self, forKey: .pictures)
    dropped = try container.decode([String: Int].self, forKey: .dropped)
    shards = try container.decode([Entry].self, forKey: .shards)
    checksum = try container.decodeIfPresent(Digest.self, forKey: .checksum)
  }
}

extension ShardIndex.Entry {
  /// Reads an entry that agrees with its types.
  public init(from decoder: any Decoder) throws {
    try decoder.refuseKeys(besides: CodingKeys.allCases)
    let container = try decoder.container(keyedBy: CodingKeys.self)
    name = try container.decode(String.self, forKey: .name)
    bytes = try container.decode(Int.self, forKey: .bytes)
    rawBytes = try container.decode(Int.self, forKey: .rawBytes)
    samples = try container.decode(Int.self, forKey: .samples)
    frames = try container.decode(Int.self, forKey: .frames)
    digest = try container.decode(Digest.self, forKey: .digest)
    tailDigest = try container.decode(Digest.self, forKey: .tailDigest)
  }
}

extension Decoder {
  /// Throws for a key that is not among those known.
  fileprivate func refuseKeys(besides known: [some CodingKey]) throws {
    let names = Set(known.map(\.stringValue))
    let found = try container(keyedBy: AnyKey.self).allKeys
    guard let unknown = found.first(where: { !names.contains($0.stringValue) }) else { return }
    throw DecodingError.dataCorrupted(
      DecodingError.Context(codingPath: codingPath, debugDescription: "unknown key \"\(unknown.stringValue)\""))
  }
}

/// A key of any name.
private struct AnyKey: CodingKey {
  let stringValue: String
  let intValue: Int? = nil

  init?(stringValue: String) { self.stringValue = stringValue }
  init?(intValue: Int) { nil }
}
