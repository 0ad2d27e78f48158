import CXXHash

/// XXH64 with seed 0: the checksum zstd frames, shards and checkpoints use. It finds accidents, not forgeries.
public struct Digest: Hashable, Sendable, CustomStringConvertible, Codable {
  /// The 64 bits.
  public let value: UInt64

  /// The digest of `bytes`.
  public init(of bytes: UnsafeRawBufferPointer) {
    value = XXH64(bytes.baseAddress, bytes.count, 0)
  }

  /// The digest of `bytes`.
  public init(of bytes: [UInt8]) {
    self = bytes.withUnsafeBytes { Digest(of: $0) }
  }

  /// A digest known by its bits.
  public init(value: UInt64) {
    self.value = value
  }

  /// `xxh64:` and sixteen hexadecimal digits.
  public var description: String {
    let digits = String(value, radix: 16)
    return "xxh64:" + String(repeating: "0", count: 16 - digits.count) + digits
  }

  /// Reads the form ``description`` writes; nil for anything else.
  public init?(_ text: String) {
    guard text.hasPrefix("xxh64:"), text.utf8.count == 22, let value = UInt64(text.dropFirst(6), radix: 16) else {
      return nil
    }
    self.value = value
    // A capital letter is not what was written, but what one flipped bit makes of it.
    guard description == text else { return nil }
  }

  /// Reads the form ``description`` writes.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let digest = Digest(text) else {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "found \"\(text)\", expected \"xxh64:\" and sixteen hexadecimal digits")
    }
    self = digest
  }

  /// Writes ``description``.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
