/// A picture as it goes into a shard.
public struct PreparedPicture: Equatable, Sendable {
  /// The picture, encoded.
  public let bytes: [UInt8]
  /// How it is encoded.
  public let format: StoredFormat
  /// What it looks like in 64 bits, where that was asked for: similar pictures have most of them in common.
  public let look: UInt64?

  /// A picture as it goes into a shard.
  public init(bytes: [UInt8], format: StoredFormat, look: UInt64? = nil) {
    self.bytes = bytes
    self.format = format
    self.look = look
  }
}
