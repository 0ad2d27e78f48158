import Files

/// Packs pictures and captions into shards.
///
/// Three stages run at once: threads prepare pictures, one at a time groups them into frames which threads compress, and
/// the caller's thread writes. Each hands its results on in order, so the bytes on disk do not depend on threads.
public struct Packer: Sendable {
  let samplesPerShard: Int
  let bytesPerShard: Int
  let level: Int
  let threads: Int
  let preparer: CandidatePreparer

  /// - Parameters:
  ///   - samplesPerShard: a shard ends after so many samples,
  ///   - bytesPerShard: or after the frame in which it reaches so many bytes before compression.
  ///   - level: zstd's, 1 to 19.
  ///   - threads: how many pictures are prepared at once.
  ///   - prepare: checks a picture by decoding it, and returns what is to be stored, the same bytes or others. Called
  ///     from several threads at once. Throws ``UnusableSample`` for a picture to leave out.
  public init(
    samplesPerShard: Int = 10_000, bytesPerShard: Int = 256 << 20, level: Int = 3, threads: Int,
    prepare: @escaping @Sendable ([UInt8]) throws -> PreparedPicture
  ) throws {
    guard samplesPerShard > 0 else { throw PackError("\(samplesPerShard) samples per shard: expected at least 1") }
    guard (1...19).contains(level) else { throw PackError("level \(level): expected 1 to 19") }
    guard threads > 0 else { throw PackError("\(threads) threads: expected at least 1") }
    self.samplesPerShard = samplesPerShard
    self.bytesPerShard = bytesPerShard
    self.level = level
    self.threads = threads
    preparer = CandidatePreparer(prepare: prepare)
  }

  /// Packs `inputs`, one behind the other, into a new dataset in `directory`.
  ///
  /// The directory must be empty or not exist. If anything fails, what was written is removed.
  ///
  /// - Parameters:
  ///   - inputs: what to pack.
  ///   - directory: where the dataset goes.
  ///   - progress: told after each frame, on the caller's thread.
  /// - Returns: the dataset's index, which counts what was left out, and the first few names of that.
  /// - Throws: `FileError` when something cannot be read or written, ``PackError`` when there is nothing to pack.
  public func pack(
    _ inputs: [PackInput], into directory: String, progress: (PackProgress) -> Void = { _ in }
  ) throws -> Packing {
    let isNew = !Directory.exists(directory)
    try Directory.create(directory)
    if let name = try Directory.names(in: directory).first {
      throw FileError(directory, "is not empty (it holds \(name)): name a new directory, or remove what is in it")
    }
    do {
      let packing = try write(inputs, into: directory, progress)
      try packing.index.write(to: directory)
      return packing
    } catch {
      // The first error is the one to report; what cannot be removed has no index, and is no dataset.
      for name in (try? Directory.names(in: directory)) ?? [] where Self.isOurs(name) {
        try? Directory.remove("\(directory)/\(name)")
      }
      if isNew, let names = try? Directory.names(in: directory), names.isEmpty { try? Directory.remove(directory) }
      throw error
    }
  }

  private static func isOurs(_ name: String) -> Bool {
    name.hasPrefix("shard-") || name == ShardIndex.fileName || name == ShardIndex.countsFileName
  }

  private func write(
    _ inputs: [PackInput], into directory: String, _ progress: (PackProgress) -> Void
  ) throws -> Packing {
    let frames = compressedFrames(of: inputs)
    var shards: [ShardIndex.Entry] = []
    var writer: ShardWriter?
    var tally = ShardCutter.Tally()
    var (samples, bytes) = (0, 0)
    while let (frame, endsShard, soFar) = try frames.next() {
      let shard = try writer ?? ShardWriter(ShardIndex.shardName(shards.count), in: directory)
      try shard.append(frame)
      writer = shard
      if endsShard {
        shards.append(try shard.finish())
        writer = nil
      }
      tally = soFar
      samples += frame.samples
      bytes += frame.bytes.count
      progress(PackProgress(samples: samples, dropped: tally.dropped.values.reduce(0, +), bytes: bytes))
    }
    return Packing(
      index: ShardIndex(shards: shards, pictures: tally.formats, dropped: tally.dropped), examples: tally.examples)
  }
}
