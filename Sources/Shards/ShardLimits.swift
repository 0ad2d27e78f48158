/// Sizes that are part of the format, or guard against nonsense.
enum ShardLimits {
  /// Sample `i` of a shard lies in its frame `i / 8`. Eight cost 0.2 % of size over one frame for a whole shard.
  static let samplesPerFrame = 8
  /// The most bytes a sample may take in the tar.
  static let sampleCount = 16 << 20
  /// The most bytes a frame may hold: its samples and the end of the tar.
  static let frameCount = samplesPerFrame * sampleCount + TarHeader.end.count
  /// The most bytes an encoded picture may have before it is prepared.
  static let inputCount = 256 << 20
}
