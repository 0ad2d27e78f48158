import Files

/// Takes a dataset apart again: a folder for each shard, and in it the pictures, captions and JSON as files.
///
/// What it makes packs again to the same pictures and captions.
public struct Unpacker: Sendable {
  private let dataset: ShardDataset

  /// - Parameter dataset: what is taken apart.
  public init(_ dataset: ShardDataset) {
    self.dataset = dataset
  }

  /// Writes all samples into a new folder, which appears when it is complete.
  ///
  /// - Parameters:
  ///   - folder: as in `FOLDER/shard-000000/KEY.jpg`.
  ///   - progress: told how many samples are written, after each.
  /// - Throws: `FileError` where `folder` exists, a key would lead out of it, or something cannot be read or written.
  public func unpack(into folder: String, progress: (Int) -> Void = { _ in }) throws {
    guard !folder.isEmpty else { throw FileError("\"\"", "is no name of a folder: name a new one") }
    guard !Directory.exists(folder) else { throw FileError(folder, "is there already: name a new folder") }
    // Beside it, not in it.
    let folder = String(
      folder.prefix(upTo: folder.lastIndex { $0 != "/" }.map { folder.index(after: $0) } ?? folder.endIndex))
    let unfinished = "\(folder).unfinished"
    if Directory.exists(unfinished) {
      throw FileError(unfinished, "is left of an unpacking that did not finish: remove it, and unpack again")
    }
    do {
      try write(into: unfinished, progress)
      try Directory.rename(unfinished, to: folder)
    } catch {
      // The first error is the one to report.
      try? Directory.remove(unfinished)
      throw error
    }
  }

  private func write(into folder: String, _ progress: (Int) -> Void) throws {
    var written = 0
    try Directory.create(folder)
    for (number, shard) in dataset.index.shards.enumerated() {
      let top = "\(folder)/\(shard.name.prefix { $0 != "." })"
      try Directory.create(top)
      for index in 0..<shard.samples {
        let sample = try dataset.sample(shard: number, index: index)
        try write(sample, of: shard, into: top)
        written += 1
        progress(written)
      }
    }
  }

  private func write(_ sample: Sample, of shard: ShardIndex.Entry, into folder: String) throws {
    let parts = sample.key.split(separator: "/", omittingEmptySubsequences: false)
    guard !parts.contains(where: { ["", ".", ".."].contains($0) }), !sample.key.contains("\0") else {
      throw FileError(
        "\(dataset.directory)/\(shard.name)", "has the key \"\(sample.key)\", which leads out of any folder")
    }
    if parts.count > 1 { try Directory.create("\(folder)/\(parts.dropLast().joined(separator: "/"))") }
    let start = "\(folder)/\(sample.key)"
    try FileWriter.writeOnce(sample.picture, to: "\(start).\(sample.format.rawValue)")
    try FileWriter.writeOnce(Array(sample.caption.utf8), to: "\(start).txt")
    if let json = sample.json { try FileWriter.writeOnce(json, to: "\(start).json") }
  }
}
