/// Seconds of a step, by what they were spent on.
public struct PhaseTimes: Codable, Sendable {
  /// Waiting for pictures and captions.
  public var data = 0.0
  /// Embedding every micro-batch.
  public var embed = 0.0
  /// The global loss, with what travels for it.
  public var contrast = 0.0
  /// Going backward, with the second embedding.
  public var backward = 0.0
  /// Summing gradients over the ranks.
  public var reduce = 0.0
  /// The optimizer.
  public var optimize = 0.0
  /// Writing the checkpoint that followed the step before.
  public var checkpoint = 0.0

  /// No time yet.
  public init() {}

  /// Each of them, for a log.
  var text: String {
    let parts = [
      ("data", data), ("embed", embed), ("contrast", contrast), ("backward", backward), ("reduce", reduce),
      ("optimize", optimize), ("checkpoint", checkpoint),
    ]
    return parts.map { "\($0) \((1e4 * $1).rounded() / 1e4) s" }.joined(separator: ", ")
  }

  /// All of it.
  public var total: Double { data + embed + contrast + backward + reduce + optimize + checkpoint }

  /// What a rank spends on its own, mostly, rather than on waiting for others.
  var own: Double { data + embed + backward + optimize }

  /// Counts what was measured within a phase, of others, for those instead.
  mutating func move(_ others: PhaseTimes, from phase: WritableKeyPath<PhaseTimes, Double>) {
    self[keyPath: phase] -= others.total
    reduce += others.reduce
    optimize += others.optimize
  }

  /// Runs `body` and adds the time it takes to a phase.
  mutating func measure<Result>(
    _ phase: WritableKeyPath<PhaseTimes, Double>, _ body: () throws -> Result
  ) rethrows -> Result {
    let start = ContinuousClock.now
    defer { self[keyPath: phase] += start.duration(to: .now) / .seconds(1) }
    return try body()
  }
}
