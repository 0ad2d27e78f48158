import Foundation
import Towers

/// The figures of few-shot probes.
public struct FewShotReport: Encodable, Equatable, Sendable {
  /// What is known of one number of examples.
  public struct Shots: Encodable, Equatable, Sendable {
    /// Examples of each class.
    public let shots: Int
    /// The mean of the metric over the draws.
    public let mean: Double
    /// Its standard deviation, of a sample; nil where there is one draw.
    public let standardDeviation: Double?
    /// Draw by draw.
    public let scores: [Double]
    /// The C of each.
    public let cs: [Double]

    private enum CodingKeys: String, CodingKey {
      case shots, mean, scores
      case standardDeviation = "standard_deviation"
      case cs = "c"
    }

    /// What there is not is null.
    public func encode(to encoder: any Swift.Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(shots, forKey: .shots)
      try container.encode(mean, forKey: .mean)
      try container.encode(standardDeviation, forKey: .standardDeviation)
      try container.encode(scores, forKey: .scores)
      try container.encode(cs, forKey: .cs)
    }

    package init(_ shots: Int, scores: [Double], cs: [Double]) {
      let mean = scores.reduce(0, +) / Double(scores.count)
      self.shots = shots
      self.mean = mean
      standardDeviation =
        scores.count > 1
        ? (scores.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(scores.count - 1)).squareRoot() : nil
      self.scores = scores
      self.cs = cs
    }
  }

  /// Classes.
  public let classes: Int
  /// Pictures that count of the test split.
  public let testSamples: Int
  /// Which features, where it is known.
  public let features: String?
  /// What it is judged by.
  public let metric: String
  /// How often examples were drawn.
  public let seeds: Int
  /// From the fewest examples on.
  public let shots: [Shots]
  /// The metric of the classifier that has seen no example; nil: not asked for.
  public let zeroShot: Double?
  /// How many examples of each class a probe needs to be as good, between the measured ones by a straight line over the
  /// logarithm of their number; the smallest of these where that is good enough. Nil where the largest is not.
  public let zeroShotEqualsShots: Double?

  private enum CodingKeys: String, CodingKey {
    case classes, features, metric, seeds, shots
    case testSamples = "test_samples"
    case zeroShot = "zero_shot"
    case zeroShotEqualsShots = "zero_shot_equals_shots"
  }

  /// What there is not is null.
  public func encode(to encoder: any Swift.Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(classes, forKey: .classes)
    try container.encode(testSamples, forKey: .testSamples)
    try container.encode(features, forKey: .features)
    try container.encode(metric, forKey: .metric)
    try container.encode(seeds, forKey: .seeds)
    try container.encode(shots, forKey: .shots)
    try container.encode(zeroShot, forKey: .zeroShot)
    try container.encode(zeroShotEqualsShots, forKey: .zeroShotEqualsShots)
  }

  init(_ splits: ProbeSplits, _ settings: FewShot.Settings, zeroShot: Double?, _ shots: [Shots]) {
    classes = splits.train.members.count
    testSamples = splits.test.labels.count
    features = splits.train.kind?.rawValue
    metric = settings.probe.metric.rawValue
    seeds = settings.seeds
    self.shots = shots
    self.zeroShot = zeroShot
    zeroShotEqualsShots = zeroShot.flatMap { Self.shots(for: $0, among: shots) }
  }

  package static func shots(for score: Double, among known: [Shots]) -> Double? {
    guard let end = known.firstIndex(where: { $0.mean >= score }) else { return nil }
    guard end > 0 else { return Double(known[0].shots) }
    let (low, high) = (known[end - 1], known[end])
    let part = (score - low.mean) / (high.mean - low.mean)
    return exp(log(Double(low.shots)) * (1 - part) + log(Double(high.shots)) * part)
  }
}
