import Tensors
import Towers

/// The figures of a linear probe.
public struct LinearProbeReport: Encodable, Equatable, Sendable {
  /// A split of the data.
  public struct Split: Encodable, Equatable, Sendable {
    /// Where it is from.
    public let path: String
    /// Pictures that count.
    public let samples: Int
    /// Pictures that were left out.
    public let leftOut: Int

    private enum CodingKeys: String, CodingKey {
      case path, samples
      case leftOut = "left_out"
    }

    init(_ split: LabelledFeatures) {
      (path, samples, leftOut) = (split.path, split.labels.count, split.leftOut)
    }
  }

  /// A strength of the penalty that was tried on the validation split.
  public struct Trial: Encodable, Equatable, Sendable {
    /// The inverse of the strength.
    public let c: Double
    /// The metric on the validation split.
    public let score: Double
    /// Steps of the fit.
    public let iterations: Int
  }

  /// What it was trained on, without the validation split.
  public let train: Split
  /// The validation split; nil: a part of the training split, or none was needed.
  public let validation: Split?
  /// What it was measured on.
  public let test: Split
  /// Classes that it knows.
  public let classes: Int
  /// Which features, where it is known.
  public let features: String?
  /// Numbers of a picture's features.
  public let dimension: Int
  /// The inverse of the penalty's strength.
  public let c: Double
  /// All that were tried, from the largest C; empty where it was given.
  public let search: [Trial]
  /// Steps of the last fit.
  public let iterations: Int
  /// Whether its gradient became small.
  public let hasConverged: Bool
  /// What it is judged by.
  public let metric: String
  /// The metric on the test split.
  public let score: Double
  /// More figures on the test split.
  public let figures: ProbeFigures

  private enum CodingKeys: String, CodingKey {
    case train, validation, test, classes, features, dimension, c, search, iterations, metric, score
    case hasConverged = "converged"
  }

  /// The figures are beside the rest; what there is not is null.
  public func encode(to encoder: any Swift.Encoder) throws {
    try figures.encode(to: encoder)
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(train, forKey: .train)
    try container.encode(validation, forKey: .validation)
    try container.encode(test, forKey: .test)
    try container.encode(classes, forKey: .classes)
    try container.encode(features, forKey: .features)
    try container.encode(dimension, forKey: .dimension)
    try container.encode(c, forKey: .c)
    try container.encode(search, forKey: .search)
    try container.encode(iterations, forKey: .iterations)
    try container.encode(hasConverged, forKey: .hasConverged)
    try container.encode(metric, forKey: .metric)
    try container.encode(score, forKey: .score)
  }

  init(
    _ splits: ProbeSplits, _ fit: LogisticRegression, _ figures: ProbeFigures, _ metric: ProbeMetric, score: Double,
    c: Double, trials: [PenaltySearch.Trial]
  ) {
    train = Split(splits.train)
    validation = splits.validation.map(Split.init)
    test = Split(splits.test)
    classes = fit.classifier.classes.count
    features = splits.train.kind?.rawValue
    dimension = splits.train.features.columns
    self.c = c
    search = trials.map { Trial(c: PenaltySearch.c($0.number), score: $0.score, iterations: $0.iterations) }
    iterations = fit.iterations
    hasConverged = fit.hasConverged
    self.metric = metric.rawValue
    self.score = score
    self.figures = figures
  }
}
