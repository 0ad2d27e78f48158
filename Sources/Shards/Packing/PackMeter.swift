/// Counts what a packing has done.
struct PackMeter {
  private var samples: Int
  private var bytes = 0
  private var start: (samples: Int, fraction: Double)?

  /// - Parameter lines: what earlier commands have done.
  init(after lines: [PackJournal.Line]) {
    samples = lines.reduce(0) { $0 + $1.shard.samples }
  }

  /// Counts a frame.
  mutating func progress(with frame: ShardWriter.Frame, _ raw: ShardCutter.RawFrame) -> PackProgress {
    // What was passed at once because it was packed before must not count as this command's speed.
    let start = self.start ?? (samples, samples == 0 ? 0 : raw.fraction)
    self.start = start
    samples += frame.samples
    bytes += frame.bytes.count
    return PackProgress(
      samples: samples, dropped: raw.tally.dropped.values.reduce(0, +), bytes: bytes, fraction: raw.fraction,
      start: start)
  }
}
