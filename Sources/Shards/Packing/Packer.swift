import Files
import Foundation

/// Packs pictures and captions into shards.
///
/// Three stages run at once: threads prepare pictures, one at a time groups them into frames which threads compress, and
/// the caller's thread writes. Each hands its results on in order, so the bytes on disk do not depend on threads. Each
/// shard that is complete is noted in a journal, so a packing that was killed goes on behind its last one, and ends with
/// the same bytes.
public struct Packer: Sendable {
  let samplesPerShard: Int
  let bytesPerShard: Int
  let level: Int
  let threads: Int
  let duplicates: Duplicates?
  let preparer: CandidatePreparer
  private let settings: PackSettings

  /// - Parameters:
  ///   - samplesPerShard: a shard ends after so many samples,
  ///   - bytesPerShard: or after the frame in which it reaches so many bytes before compression.
  ///   - level: zstd's, 1 to 19.
  ///   - threads: how many pictures are prepared at once.
  ///   - captionField: the field of the JSON that holds the captions; nil: the text beside the picture, or else the
  ///     JSON's `caption` or `captions`.
  ///   - duplicates: pictures that are packed only the first time; nil: all are packed.
  ///   - settings: what else the bytes depend on, by the option a person gives: a packing that was killed goes on only
  ///     with the same.
  ///   - prepare: checks a picture by decoding it, and returns what is to be stored, the same bytes or others. Called
  ///     from several threads at once. Throws ``UnusableSample`` for a picture to leave out.
  public init(
    samplesPerShard: Int = 10_000, bytesPerShard: Int = 256 << 20, level: Int = 3, threads: Int,
    captionField: String? = nil, duplicates: Duplicates? = nil, settings: [String: String] = [:],
    prepare: @escaping @Sendable ([UInt8]) throws -> PreparedPicture
  ) throws {
    guard samplesPerShard > 0 else { throw PackError("\(samplesPerShard) samples per shard: expected at least 1") }
    guard (1...19).contains(level) else { throw PackError("level \(level): expected 1 to 19") }
    guard threads > 0 else { throw PackError("\(threads) threads: expected at least 1") }
    self.samplesPerShard = samplesPerShard
    self.bytesPerShard = bytesPerShard
    self.level = level
    self.threads = threads
    self.duplicates = duplicates
    preparer = CandidatePreparer(
      prepare: prepare, captionField: captionField, takesFingerprints: duplicates != nil)
    let own: [String: String?] = [
      "--samples-per-shard": "\(samplesPerShard)", "bytes of a shard": "\(bytesPerShard)", "--level": "\(level)",
      "--caption-field": captionField, "--drop-duplicates": duplicates?.rawValue,
    ]
    self.settings = own.compactMapValues { $0 }.merging(settings) { $1 }
  }

  /// Packs `inputs`, one behind the other, into a dataset in `directory`.
  ///
  /// The directory must be empty, not exist, or hold a packing of the same inputs with the same settings that has not
  /// finished, which then goes on. If anything fails, the shards that are complete stay for that; where there are none,
  /// nothing does.
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
    try Self.checkUse(of: directory)
    let lock = FileLock("\(directory)/\(Self.lockName)")
    do {
      try lock.acquire(as: "process \(getpid()) on \(ProcessInfo.processInfo.hostName)")
    } catch let held as FileLock.Held {
      throw FileError(directory, "is being packed into by \(held.holder): wait for it, or end it")
    }
    return try withExtendedLifetime(lock) {
      do {
        let packing = try write(inputs, into: directory, progress)
        lock.release()
        // Last of all: as long as it is there, the command that began may be given again.
        try Directory.remove("\(directory)/\(PackJournal.fileName)")
        return packing
      } catch let refusal as PackRefusal {
        throw refusal.error
      } catch {
        // The first error is the one to report; what cannot be removed has no index, and is no dataset.
        if (try? PackJournal.last(in: directory)) ?? nil != nil { throw Self.goingOn(error, in: directory) }
        Self.clear(directory)
        if isNew, let names = try? Directory.names(in: directory), names.allSatisfy({ $0 == Self.lockName }) {
          try? Directory.remove(directory)
        }
        throw error
      }
    }
  }

  static let lockName = "packing.lock"

  /// Refuses a directory that holds something else.
  static func checkUse(of directory: String) throws {
    let names = try Directory.names(in: directory)
    if names.contains(ShardIndex.fileName) && !names.contains(PackJournal.fileName) {
      throw FileError(directory, "is not empty: it holds a dataset, which is complete; name a new directory")
    }
    guard !names.contains(PackJournal.fileName) else { return }
    if let name = names.first(where: { $0 != lockName }) {
      throw FileError(directory, "is not empty (it holds \(name)): name a new directory, or remove what is in it")
    }
  }

  /// The error with what a person may do once its reason is gone.
  private static func goingOn(_ error: any Error, in directory: String) -> any Error {
    guard let error = error as? FileError else { return error }
    return FileError(
      error.path, "\(error.reason); what was packed so far is kept in \(directory): the same command goes on")
  }

  private static func clear(_ directory: String) {
    for name in (try? Directory.names(in: directory)) ?? []
    where name.hasPrefix("shard-") || [ShardIndex.countsFileName, PackJournal.fileName].contains(name) {
      try? Directory.remove("\(directory)/\(name)")
    }
  }

  private func write(
    _ inputs: [PackInput], into directory: String, _ progress: (PackProgress) -> Void
  ) throws -> Packing {
    let plan = PackJournal.Plan(
      settings: settings, inputs: try inputs.map { try $0.journalInput() })
    let journal = try PackJournal(plan, in: directory) { try InputChain.prove(inputs[$0], endsAt: $1) }
    if Directory.exists("\(directory)/\(ShardIndex.fileName)") {
      // An earlier command was killed when only the journal was left to remove.
      let index = try ShardIndex.read(from: directory)
      return Packing(
        index: index, examples: journal.lines.last?.tally.examples ?? [:], resumedShards: index.shards.count)
    }
    try FileWriter.removeLeftovers(in: directory)
    let resumed = journal.lines.count
    for line in journal.lines { try Self.check(line.shard, in: directory) }
    var seen = duplicates.map { SeenPictures($0) }
    for fingerprint in journal.takeFingerprints() { seen?.insert(fingerprint) }

    let frames = compressedFrames(of: inputs, after: journal.lines.last, seen: seen)
    seen = nil
    var writer: ShardWriter?
    var fingerprints: [Fingerprint] = []
    var meter = PackMeter(after: journal.lines)
    while let (frame, raw) = try frames.next() {
      let shard = try writer ?? ShardWriter(ShardIndex.shardName(journal.lines.count), in: directory)
      try shard.append(frame)
      writer = shard
      fingerprints += raw.fingerprints
      if raw.endsShard {
        try journal.append(
          PackJournal.Line(
            shard: try shard.finish(), tally: raw.tally, position: raw.position, finished: raw.finished,
            fingerprints: duplicates == nil ? nil : fingerprints))
        (writer, fingerprints) = (nil, [])
      }
      progress(meter.progress(with: frame, raw))
    }
    let tally = journal.lines.last?.tally ?? ShardCutter.Tally()
    let index = ShardIndex(shards: journal.lines.map(\.shard), pictures: tally.formats, dropped: tally.dropped)
    try index.write(to: directory)
    return Packing(index: index, examples: tally.examples, resumedShards: resumed)
  }

  /// Whether a shard of an earlier command is still what was written, as far as its size and its seek table tell.
  private static func check(_ shard: ShardIndex.Entry, in directory: String) throws {
    do {
      _ = try Shard(shard, in: directory)
    } catch let error as FileError {
      throw PackRefusal(error.path, "\(error.reason); remove the unfinished dataset and pack again")
    }
  }
}
