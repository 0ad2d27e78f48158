import Files

/// The checkpoints of a run: one directory each, which exists only when it is complete.
public struct CheckpointStore: Sendable {
  /// The run's directory.
  public let directory: String
  /// How many of the newest checkpoints are kept; at least one.
  public let keepLast: Int
  /// Checkpoints at multiples of so many steps are kept as well; nil for none.
  public let keepEvery: Int?

  /// The checkpoints in a run's directory.
  public init(_ directory: String, keepLast: Int = 3, keepEvery: Int? = nil) {
    self.directory = directory
    self.keepLast = max(1, keepLast)
    self.keepEvery = keepEvery
  }

  /// The checkpoints there are, oldest first. Only names of exactly `step-` and nine digits count.
  public func list() throws -> [Checkpoint] {
    guard Directory.exists(directory) else { return [] }
    return try Directory.names(in: directory).map { Checkpoint("\(directory)/\($0)") }.filter {
      $0.step != nil && Directory.isDirectory($0.directory)
    }
  }

  /// The newest checkpoint that can be trusted, and a line for each problem of the newer ones that cannot.
  ///
  /// - Parameter part: what matters to the caller, which is read and compared.
  public func newestValid(of part: Checkpoint.Part = .everything) throws -> (
    checkpoint: Checkpoint?, warnings: [String]
  ) {
    var warnings: [String] = []
    for checkpoint in try list().reversed() {
      let problems = checkpoint.problems(of: part)
      if problems.isEmpty { return (checkpoint, warnings) }
      warnings += problems.map { "passing over a damaged checkpoint: \($0)" }
    }
    return (nil, warnings)
  }

  /// Where a checkpoint is while it is written. One run writes at a time: it holds the directory's lock.
  func temporary(step: Int) -> String { Checkpoint(step: step, in: directory).directory + Self.unfinished }

  private static let unfinished = ".tmp"
  private static let condemned = ".old"

  /// Makes a checkpoint of a directory that holds its tensors; afterwards ``prune(after:)`` is due. One that is there
  /// under its name already is replaced.
  ///
  /// - Parameters:
  ///   - temporary: the directory, whose files are durable.
  ///   - step: steps done, below 10^9.
  ///   - entries: what the manifest says of the files that are there.
  ///   - files: small files to write.
  func commit(
    _ temporary: String, step: Int, _ entries: [Manifest.Entry], files: [(name: String, bytes: [UInt8])]
  ) throws -> Checkpoint {
    let checkpoint = Checkpoint(step: step, in: directory)
    for (name, bytes) in files { try SharedFile.write(bytes, to: "\(temporary)/\(name)") }
    let small = files.map {
      Manifest.Entry(file: $0.name, blocks: [Manifest.Block(bytes: $0.bytes.count, digest: Digest(of: $0.bytes))])
    }
    try Manifest(step: step, files: small + entries).write(into: temporary)
    try Directory.sync(temporary)
    try discard(checkpoint)
    try Directory.rename(temporary, to: checkpoint.directory)
    return checkpoint
  }

  /// Removes what an interrupted write or removal left; call it when nothing else writes to the run.
  public func removeLeftovers() throws {
    guard Directory.exists(directory) else { return }
    for name in try Directory.names(in: directory) {
      let suffixes = [Self.unfinished, Self.condemned].filter { name.hasSuffix($0) }
      guard let suffix = suffixes.first, Checkpoint(String(name.dropLast(suffix.count))).step != nil else { continue }
      try Directory.remove("\(directory)/\(name)")
    }
  }

  /// Removes the checkpoints before `newest`, which is durable, that need not be kept.
  ///
  /// Incomplete ones neither count nor are removed, and none that is newer: a run that fell back to an older
  /// checkpoint leaves those for a person to look at until it reaches their steps again.
  public func prune(after newest: Checkpoint) throws {
    let older = try list().filter { ($0.step ?? 0) < (newest.step ?? 0) && $0.problems(contents: false).isEmpty }
    for checkpoint in older.dropLast(keepLast - 1) {
      if let keepEvery, keepEvery > 0, (checkpoint.step ?? 0) % keepEvery == 0 { continue }
      try discard(checkpoint)
    }
  }

  /// Removes a checkpoint, which first loses its name: nobody ever sees half of one.
  private func discard(_ checkpoint: Checkpoint) throws {
    guard Directory.exists(checkpoint.directory) else { return }
    let condemned = checkpoint.directory + Self.condemned
    try Directory.remove(condemned)
    try Directory.rename(checkpoint.directory, to: condemned)
    try Directory.remove(condemned)
  }
}
