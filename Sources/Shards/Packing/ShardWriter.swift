import Files

/// Writes one shard: frames, then the seek table. Its file appears when it is complete.
final class ShardWriter {
  /// A compressed frame, and what is known of its content.
  struct Frame: Sendable {
    let bytes: [UInt8]
    let contentCount: Int
    let samples: Int
  }

  private let name: String
  private let file: FileWriter
  private let digest = RunningDigest()
  private var table = SeekTable()
  private var samples = 0

  init(_ name: String, in directory: String) throws {
    self.name = name
    file = try FileWriter("\(directory)/\(name)")
  }

  func append(_ frame: Frame) throws {
    try write(frame.bytes)
    table.append(
      count: frame.bytes.count, contentCount: frame.contentCount, checksum: ZstdFrame.checksum(of: frame.bytes))
    samples += frame.samples
  }

  /// Makes the shard appear.
  func finish() throws -> ShardIndex.Entry {
    let tail = table.bytes
    try write(tail)
    try file.commit()
    return ShardIndex.Entry(
      name: name, bytes: file.count, rawBytes: table.contentCount, samples: samples, frames: table.frames.count,
      digest: digest.digest, tailDigest: Digest(of: tail))
  }

  private func write(_ bytes: [UInt8]) throws {
    try file.append(bytes)
    bytes.withUnsafeBytes { digest.append($0) }
  }
}
