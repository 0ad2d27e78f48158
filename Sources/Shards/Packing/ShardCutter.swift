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
    /// How far the inputs were passed, and what share of them.
    var position = PackPosition()
    var fraction = 0.0
    /// Where it ends a shard, the ends of the inputs that were passed whole since the one before.
    var finished: [PackPosition] = []
    /// The pictures in it, where duplicates are looked for.
    var fingerprints: [Fingerprint] = []
  }

  /// What went into the dataset, and what did not.
  struct Tally: Codable, Sendable {
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
  private(set) var tally: Tally
  private var position: PackPosition
  private var finished: [PackPosition] = []
  private var fraction = 0.0
  private var seen: SeenPictures?
  private let samplesPerShard: Int
  private let bytesPerShard: Int
  private let outcomes: OrderedWorkers<Candidate, CandidatePreparer.Outcome>
  private var keys = SampleKeys()
  private var shardSamples = 0
  private var shardBytes = 0
  /// The sample that comes next, looked at to know whether there is one.
  private var upcoming: Upcoming?

  private struct Upcoming {
    let outcome: CandidatePreparer.Outcome
    let sample: Sample
  }

  /// - Parameters:
  ///   - start: where an earlier command stopped, and what it had counted.
  ///   - seen: the pictures packed so far; nil: they may come again.
  ///   - outcomes: of the candidates from there on.
  init(
    samplesPerShard: Int, bytesPerShard: Int, from start: (tally: Tally, position: PackPosition), seen: SeenPictures?,
    _ outcomes: OrderedWorkers<Candidate, CandidatePreparer.Outcome>
  ) {
    self.samplesPerShard = samplesPerShard
    self.bytesPerShard = bytesPerShard
    (tally, position) = start
    self.seen = seen
    self.outcomes = outcomes
  }

  /// The next frame; nil behind the last.
  mutating func next() throws -> RawFrame? {
    var frame = RawFrame()
    if shardSamples == 0 && upcoming == nil { upcoming = try nextSample() }
    while let next = upcoming, frame.samples < ShardLimits.samplesPerFrame, shardSamples < samplesPerShard {
      var sample = next.sample
      sample.key = keys.unique(sample.key)
      sample.append(to: &frame.bytes)
      if let fingerprint = next.outcome.fingerprint { frame.fingerprints.append(fingerprint) }
      frame.samples += 1
      shardSamples += 1
      tally.formats[sample.format.rawValue, default: 0] += 1
      pass(next.outcome)
      upcoming = try nextSample()
    }
    guard frame.samples > 0 else { return nil }
    shardBytes += frame.bytes.count
    frame.endsShard = upcoming == nil || shardSamples == samplesPerShard || shardBytes >= bytesPerShard
    if frame.endsShard {
      frame.bytes += TarHeader.end
      frame.finished = finished
      (keys, shardSamples, shardBytes, finished) = (SampleKeys(), 0, 0, [])
    }
    (frame.tally, frame.position, frame.fraction) = (tally, position, fraction)
    return frame
  }

  /// The next sample, which counts as passed only when it is in a frame: a packing that is killed goes on with it.
  private mutating func nextSample() throws -> Upcoming? {
    while let outcome = try outcomes.next() {
      switch outcome.result {
      case .success(let sample):
        if let fingerprint = outcome.fingerprint, let reason = seen?.reason(against: fingerprint) {
          drop(outcome, for: reason)
        } else {
          return Upcoming(outcome: outcome, sample: sample)
        }
      case .failure(let unusable): drop(outcome, for: unusable)
      }
    }
    return nil
  }

  private mutating func drop(_ outcome: CandidatePreparer.Outcome, for unusable: UnusableSample) {
    tally.drop(outcome.name, for: unusable.reason)
    pass(outcome)
  }

  private mutating func pass(_ outcome: CandidatePreparer.Outcome) {
    tally.pictures += outcome.hasPicture ? 1 : 0
    tally.captions += outcome.hasCaption ? 1 : 0
    if outcome.input != position.input, position.candidates > 0 { finished.append(position) }
    position.pass(outcome.mark, of: outcome.input)
    fraction = outcome.fraction
  }
}
