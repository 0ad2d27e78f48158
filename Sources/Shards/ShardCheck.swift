import Files

/// Looks for damage in one shard.
struct ShardCheck: Sendable {
  /// What was found.
  private(set) var problems: [FileError] = []
  /// Samples by the format of their picture.
  private(set) var formats: [String: Int] = [:]

  /// Checks a shard against its entry: its size and seek table, and its frames.
  mutating func run(_ entry: ShardIndex.Entry, in directory: String, isFast: Bool) {
    attempt(entry, in: directory) {
      let shard = try Shard(entry, in: directory)
      for number in shard.table.frames.indices where isFast {
        $0.attempt(entry, in: directory) { _ in try shard.checkChecksum(number) }
      }
      if !isFast { try $0.read(shard, entry, in: directory) }
    }
  }

  /// Reads a shard from end to end, once, for its frames and its digest.
  private mutating func read(_ shard: Shard, _ entry: ShardIndex.Entry, in directory: String) throws {
    let digest = RunningDigest()
    for number in shard.table.frames.indices {
      try shard.withCompressedFrame(number) { compressed in
        digest.append(compressed)
        attempt(entry, in: directory) {
          let frame = try shard.frame(number, compressed: compressed)
          for sample in 0..<frame.samples { $0.formats[frame.format(sample).rawValue, default: 0] += 1 }
        }
      }
    }
    let tail = try shard.file.read(shard.table.byteCount, at: shard.table.compressedCount)
    tail.withUnsafeBytes { digest.append($0) }
    // A bit that decompression does not depend on changes nothing but the digest.
    if problems.isEmpty, digest.digest != entry.digest {
      problems.append(
        FileError(shard.file.path, "has digest \(digest.digest), index.json says \(entry.digest): it was changed"))
    }
  }

  private mutating func attempt(
    _ entry: ShardIndex.Entry, in directory: String, _ body: (inout ShardCheck) throws -> Void
  ) {
    do {
      try body(&self)
    } catch let error as FileError {
      problems.append(error)
    } catch {
      problems.append(FileError("\(directory)/\(entry.name)", "\(error)"))
    }
  }
}
