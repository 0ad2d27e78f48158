/// A picture as it goes into a shard.
public struct PreparedPicture: Equatable, Sendable {
  /// The picture, encoded.
  public let bytes: [UInt8]
  /// How it is encoded.
  public let format: PictureFormat

  /// A picture as it goes into a shard.
  public init(bytes: [UInt8], format: PictureFormat) {
    self.bytes = bytes
    self.format = format
  }
}
