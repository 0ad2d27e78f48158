import Files
import Synchronization

extension Packer {
  /// A frame ready to write, whether it ends its shard, and what was counted up to it.
  typealias FinishedFrame = (frame: ShardWriter.Frame, endsShard: Bool, tally: ShardCutter.Tally)

  /// Starts the threads that read, prepare, group and compress.
  func compressedFrames(of inputs: [PackInput]) -> OrderedWorkers<ShardCutter.RawFrame, FinishedFrame> {
    let candidates = Mutex(InputChain(inputs))
    let outcomes = OrderedWorkers(
      threads: threads, ahead: 2 * threads + ShardLimits.samplesPerFrame,
      pull: { _ in try candidates.withLock { try $0.next() } },
      work: { [preparer] in try preparer($0) })

    let cutter = Mutex(ShardCutter(samplesPerShard: samplesPerShard, bytesPerShard: bytesPerShard, outcomes))
    // Compressing takes less than a quarter of the time that decoding and encoding pictures takes.
    let compressors = (threads + 3) / 4
    return OrderedWorkers(
      threads: compressors, ahead: 2 * compressors,
      pull: { number in
        try cutter.withLock { cutter in
          let frame = try cutter.next()
          if number == 0 && frame == nil { throw Self.nothing(in: inputs, cutter.tally) }
          return frame
        }
      },
      work: { [level] raw in
        let bytes = try ZstdFrame.compress(raw.bytes, level: level)
        let frame = ShardWriter.Frame(bytes: bytes, contentCount: raw.bytes.count, samples: raw.samples)
        return (frame, raw.endsShard, raw.tally)
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
    for input in inputs where Directory.isDirectory(input.path) {
      let tars = ((try? Directory.names(in: input.path)) ?? []).filter {
        $0.hasSuffix(".tar") || $0.hasSuffix(".tar.zst")
      }
      if let tar = tars.first {
        text += "; \(input.path) holds \(tars.count) tar files: name them, as in \(input.path)/\(tar)"
      }
    }
    return PackError(text)
  }
}
