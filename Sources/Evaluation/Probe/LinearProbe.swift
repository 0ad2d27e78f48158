public import Collectives
import Files
import Tensors

/// A logistic regression on frozen features, as CLIP's authors measure representations (paper, appendix A.3).
public struct LinearProbe: Sendable {
  /// The figures.
  public let report: LinearProbeReport
  /// What was trained.
  public let classifier: LinearClassifier
  /// The labels of its classes, for each row.
  let labels: [String]

  /// How to train it.
  public struct Settings: Sendable {
    /// The inverse of the penalty's strength; nil: found on the validation split.
    public var c: Double?
    /// What it is judged and chosen by.
    public var metric = ProbeMetric.accuracy
    /// Of the draw of a validation split, where none is given.
    public var seed: UInt64 = 0
    /// When a gradient is small.
    public var tolerance = 1e-4
    /// The most steps.
    public var iterations = 1000

    /// The usual choices.
    public init() {}

    func regression(c: Double) -> LogisticRegression.Settings {
      LogisticRegression.Settings(c: c, tolerance: tolerance, iterations: iterations)
    }
  }

  /// Finds C unless it is given, trains on training and validation split, and measures. The fits that can be made at once
  /// are shared among the ranks, each whole on one of them: all return the same, whatever their number.
  ///
  /// - Parameter progress: told how many fits are done.
  /// - Throws: `FileError` where the metric is not defined for the data.
  public init(
    _ splits: ProbeSplits, _ settings: Settings, in world: any Communicator, progress: (Int) -> Void = { _ in }
  ) throws {
    let search =
      try settings.c.map { (c: $0, trials: []) }
      ?? Self.search(splits, settings, in: world, progress: progress)
    let all = splits.all, test = splits.test
    let fit = LogisticRegression(
      all.features, all.labels, classes: all.classes.classes.count, settings.regression(c: search.c))
    classifier = fit.classifier
    labels = fit.classifier.classes.map { all.classes.classes[$0].label }
    let figures = ProbeFigures(of: fit.classifier, on: test.features, test.labels)
    report = LinearProbeReport(
      splits, fit, figures, settings.metric, score: try settings.metric.score(figures, test), c: search.c,
      trials: search.trials)
  }

  /// The best C on a validation split.
  static func search(
    _ splits: ProbeSplits, _ settings: Settings, in world: any Communicator, progress: (Int) -> Void
  ) throws -> (c: Double, trials: [PenaltySearch.Trial]) {
    let (train, validation) = try splits.chosen(seed: settings.seed)
    var done = 0
    let (number, trials) = try PenaltySearch.best { numbers in
      let found = try world.forEachTask(of: numbers.count, width: 2) { task in
        let fit = LogisticRegression(
          train.features, train.labels, classes: train.classes.classes.count,
          settings.regression(c: PenaltySearch.c(numbers[task])))
        let figures = ProbeFigures(of: fit.classifier, on: validation.features, validation.labels)
        done += 1
        progress(done)
        return [try settings.metric.score(figures, validation), Double(fit.iterations)]
      }
      return zip(numbers, found).map { PenaltySearch.Trial(number: $0, score: $1[0], iterations: Int($1[1])) }
    }
    return (PenaltySearch.c(number), trials)
  }
}

extension ProbeMetric {
  /// The figure on a split.
  ///
  /// - Throws: `FileError` where there is none for its classes.
  func score(_ figures: ProbeFigures, _ split: LabelledFeatures) throws -> Double {
    guard let value = value(of: figures) else {
      throw FileError(split.path, "cannot be judged by \(rawValue), which is defined for \(classes)")
    }
    return value
  }
}
