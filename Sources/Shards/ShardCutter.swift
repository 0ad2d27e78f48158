/// Groups samples into the frames of shards.
///
/// Where a frame or a shard ends depends on the samples alone.
struct ShardCutter {
  /// The uncompressed content of a frame.
  struct RawFrame: Sendable {
    var bytes: [UInt8] = []
    var samples = 0
    var endsShard = false
    /// Everything counted so far, this frame included.
    var tally = Tally()
  }

  /// What went into the dataset, and what did not.
  struct Tally: Sendable {
    var pictures = 0
    var captions = 0
    var formats: [String: Int] = [:]
    var dropped: [String: Int] = [:]
    /// The first few samples left out for each reason, by their names at their source.
    var examples: [String: [String]] = [:]
    private static let mostExamples = 5

    mutating func drop(_ name: String, for reason: String) {
      dropped[reason, default: 0] += 1
      if !name.isEmpty, examples[reason, default: []].count < Self.mostExamples {
        examples[reason, default: []].append(name)
      }
    }
  }

  /// What was counted so far.
  private(set) var tally = Tally()
  private let samplesPerShard: Int
  private let bytesPerShard: Int
  private let outcomes: OrderedWorkers<Candidate, CandidatePreparer.Outcome>
  private var keys = SampleKeys()
  private var shardSamples = 0
  private var shardBytes = 0
  /// The sample that comes next, looked at to know whether there is one.
  private var upcoming: Sample?

  init(samplesPerShard: Int, bytesPerShard: Int, _ outcomes: OrderedWorkers<Candidate, CandidatePreparer.Outcome>) {
    self.samplesPerShard = samplesPerShard
    self.bytesPerShard = bytesPerShard
    self.outcomes = outcomes
  }

  /// The next frame; nil behind the last.
  mutating func next() throws -> RawFrame? {
    var frame = RawFrame()
    if shardSamples == 0 && upcoming == nil { upcoming = try nextSample() }
    while var sample = upcoming, frame.samples < ShardLimits.samplesPerFrame, shardSamples < samplesPerShard {
      sample.key = keys.unique(sample.key)
      sample.append(to: &frame.bytes)
      frame.samples += 1
      shardSamples += 1
      tally.formats[sample.format.rawValue, default: 0] += 1
      upcoming = try nextSample()
    }
    guard frame.samples > 0 else { return nil }
    shardBytes += frame.bytes.count
    frame.endsShard = upcoming == nil || shardSamples == samplesPerShard || shardBytes >= bytesPerShard
    if frame.endsShard {
      frame.bytes += TarHeader.end
      (keys, shardSamples, shardBytes) = (SampleKeys(), 0, 0)
    }
    frame.tally = tally
    return frame
  }

  private mutating func nextSample() throws -> Sample? {
    while let outcome = try outcomes.next() {
      tally.pictures += outcome.hasPicture ? 1 : 0
      tally.captions += outcome.hasCaption ? 1 : 0
      switch outcome.result {
      case .success(let sample): return sample
      case .failure(let unusable): tally.drop(outcome.name, for: unusable.reason)
      }
    }
    return nil
  }
}
