public import Collectives
import Files
import Foundation
import Tensors

/// Logistic regressions on a few examples of each class, drawn several times (paper, section 3.1.5).
public struct FewShot: Sendable {
  /// The figures.
  public let report: FewShotReport

  /// How to draw and to train.
  public struct Settings: Sendable {
    /// Examples of each class.
    public var shots = [1, 2, 4, 8, 16]
    /// How many times examples are drawn; draw i has the seed i.
    public var seeds = 5
    /// How a probe is trained. Without C it is that of CLIP's own example, or found on the validation split if there is
    /// one.
    public var probe = LinearProbe.Settings()

    /// The usual choices.
    public init() {}
  }

  /// The C of the linear probe in CLIP's README; the paper does not say which its few-shot probes have.
  public static let usualC = 0.316

  /// Trains and measures, the draws shared among the ranks: all return the same, whatever their number.
  ///
  /// - Parameters:
  ///   - zeroShot: the metric of a classifier that has seen no example; nil: unknown.
  ///   - progress: told how many probes are done.
  /// - Throws: `FileError` where a class has fewer examples than asked for, or the metric is not defined for the data.
  public init(
    _ splits: ProbeSplits, _ settings: Settings, zeroShot: Double?, in world: any Communicator,
    progress: (Int) -> Void = { _ in }
  ) throws {
    let shots = Set(settings.shots).sorted(), members = splits.train.members
    if let most = shots.last, let small = members.first(where: { $0.pictures.count < most }) {
      throw FileError(
        splits.train.path,
        "has \(small.pictures.count) pictures of the class \"\(splits.train.classes.classes[small.number].label)\", but "
          + "--shots asks for \(most) of each: ask for fewer, or add some")
    }
    // The largest draws take longest: they come first, so that no rank is left with one at the end.
    let tasks = shots.reversed().flatMap { shots in (0..<settings.seeds).map { (shots: shots, seed: $0) } }
    var done = 0
    let found = try world.forEachTask(of: tasks.count, width: 2) { task in
      let (shots, seed) = tasks[task]
      let pictures = members.flatMap { number, pictures in
        CountedDraw.shuffled(pictures, seed: UInt64(seed), .shots, position: number).prefix(shots)
      }
      let (score, c) = try Self.score(splits, pictures.sorted(), settings.probe)
      done += 1
      progress(done)
      return [score, c]
    }
    report = FewShotReport(
      splits, settings, zeroShot: zeroShot,
      shots.map { shots in
        let own = zip(tasks, found).filter { $0.0.shots == shots }.map(\.1)
        return FewShotReport.Shots(shots, scores: own.map { $0[0] }, cs: own.map { $0[1] })
      })
  }

  /// The metric of a probe that is trained on some pictures, and its C.
  private static func score(
    _ splits: ProbeSplits, _ pictures: [Int], _ settings: LinearProbe.Settings
  ) throws -> (score: Double, c: Double) {
    let train = splits.train.picked(pictures), test = splits.test
    var c = settings.c ?? usualC
    if settings.c == nil, let validation = splits.validation {
      c = try LinearProbe.search(
        ProbeSplits(train: train, validation: validation, test: test), settings, in: SoloCommunicator()
      ) { _ in }.c
    }
    let fit = LogisticRegression(
      train.features, train.labels, classes: train.classes.classes.count, settings.regression(c: c))
    let figures = ProbeFigures(of: fit.classifier, on: test.features, test.labels)
    return (try settings.metric.score(figures, test), c)
  }
}
