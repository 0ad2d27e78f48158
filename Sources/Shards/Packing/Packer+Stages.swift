import Files
import Synchronization

extension Packer {
  /// A frame ready to write, and what was counted up to it; its own bytes are gone.
  typealias FinishedFrame = (frame: ShardWriter.Frame, raw: ShardCutter.RawFrame)

  /// Starts the threads that read, prepare, group and compress.
  ///
  /// - Parameters:
  ///   - inputs: what is packed.
  ///   - last: the last shard that is complete already.
  ///   - seen: the pictures packed already, where duplicates are looked for.
  func compressedFrames(
    of inputs: [PackInput], after last: PackJournal.Line?, seen: SeenPictures?
  ) -> OrderedWorkers<ShardCutter.RawFrame, FinishedFrame> {
    let start = (tally: last?.tally ?? ShardCutter.Tally(), position: last?.position ?? PackPosition())
    let candidates = Mutex(InputChain(inputs, from: start.position))
    let outcomes = OrderedWorkers(
      threads: threads, ahead: 2 * threads + ShardLimits.samplesPerFrame,
      pull: { _ in try candidates.withLock { try $0.next() } },
      work: { [preparer] in try preparer($0) })

    let cutter = Mutex(
      ShardCutter(
        samplesPerShard: samplesPerShard, bytesPerShard: bytesPerShard, from: start, seen: seen, outcomes))
    // Compressing takes less than a quarter of the time that decoding and encoding pictures takes.
    let compressors = (threads + 3) / 4
    return OrderedWorkers(
      threads: compressors, ahead: 2 * compressors,
      pull: { number in
        try cutter.withLock { cutter in
          let frame = try cutter.next()
          if number == 0 && frame == nil && last == nil { throw Self.nothing(in: inputs, cutter.tally) }
          return frame
        }
      },
      work: { [level] raw in
        let bytes = try ZstdFrame.compress(raw.bytes, level: level)
        let frame = ShardWriter.Frame(bytes: bytes, contentCount: raw.bytes.count, samples: raw.samples)
        var finished = raw
        finished.bytes = []
        return (frame, finished)
      })
  }

  /// The error for inputs that hold not one sample.
  private static func nothing(in inputs: [PackInput], _ tally: ShardCutter.Tally) -> PackError {
    let paths = inputs.map(\.path).joined(separator: ", ")
    var text = "no captioned pictures in \(paths): found \(tally.pictures) pictures, \(tally.captions) captions"
    let reasons = tally.dropped.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
    if !reasons.isEmpty { text += " (left out: \(reasons.joined(separator: ", ")))" }
    var expectations: [String] = []
    for input in inputs where !expectations.contains(input.expectation) { expectations.append(input.expectation) }
    text += "; expected \(expectations.joined(separator: ", or "))"
    return PackError(text)
  }
}
