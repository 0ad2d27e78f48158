public import Collectives
import Files
import Foundation
import Synchronization
import Tensors
import Towers

/// A zero-shot classification of pictures whose classes are known.
public struct ZeroShotEvaluation: Sendable {
  /// The figures.
  public let report: ZeroShotReport
  /// How often pictures of a class were taken for each.
  public let confusion: ConfusionMatrix
  /// A line for each picture, in order; on the first rank.
  public let predictions: PredictionTable
  /// Pictures that were left out because they cannot be decoded.
  public let undecodable: LeftOut
  /// Pictures that were left out because they are of none of the classes.
  public let unlabelled: LeftOut

  /// Classifies, all ranks together: all return the same figures, whatever their number.
  ///
  /// - Parameter progress: told how many of this rank's pictures are done.
  /// - Throws: `FileError` where no picture is left to count.
  public init(
    _ pictures: LabelledPictures, by encoder: Encoder, _ classifier: ZeroShotClassifier, in world: any Communicator,
    progress: (Int) -> Void = { _ in }
  ) throws {
    let share = BatchShare(of: pictures.count, batch: Encoder.batch, in: world)
    let own = try encoder.pictures(share, progress: progress, read: pictures.read)
    let multiplier = exp(Double(encoder.towers.logitScale.values.scalar))
    let scores = ClassScores(of: own.features, own.notes, by: classifier, multiplier: multiplier)

    let flaws = own.flaws.sorted { $0.key < $1.key }
    undecodable = try LeftOut(flaws.map { "\(own.names[$0.key]): \($0.value)" }, in: world)
    let kept = own.notes.indices.filter { own.flaws[$0] == nil && own.notes[$0] != nil }
    let strays = own.notes.indices.filter { own.flaws[$0] == nil && own.notes[$0] == nil }
    unlabelled = try LeftOut(strays.map { own.names[$0] }, in: world)
    let (count, first) = try world.places(of: kept.count)
    guard count > 0 else { throw Self.nothingLeft(pictures, undecodable, unlabelled, classifier) }
    func gathered(_ number: (Int) -> Double) throws -> [Double] {
      try world.all(kept.map(number), from: first, of: count)
    }
    let labels = try gathered { Double(own.notes[$0] ?? 0) }.map { Int($0) }
    let best = try gathered { Double(scores.best[$0]) }.map { Int($0) }
    let places = try gathered { Double(scores.places[$0]) }.map { Int($0) }
    let logSums = try gathered { scores.logSums[$0] }
    let metrics = try Self.metrics(
      of: try world.allRows(own.features(of: kept)), labels, logSums, classifier, multiplier, in: world)

    confusion = ConfusionMatrix(labels: classifier.classes.classes.map(\.label), truths: labels, predictions: best)
    report = ZeroShotReport(
      classifier, confusion, metrics, places: places, undecodable: undecodable.count, unlabelled: unlabelled.count)
    let names = classifier.classes.classes.map(\.label)
    predictions = try PredictionTable(
      own.names.indices.map { row in
        PredictionTable.Row(
          picture: own.names[row], label: own.notes[row].map { names[$0] },
          prediction: own.flaws[row] == nil
            ? .init(
              label: names[scores.best[row]], score: Double(scores.bestScores[row]),
              probability: exp(multiplier * Double(scores.bestScores[row]) - scores.logSums[row])) : nil)
      }, in: world)
  }

  private static func nothingLeft(
    _ pictures: LabelledPictures, _ undecodable: LeftOut, _ unlabelled: LeftOut, _ classifier: ZeroShotClassifier
  ) -> FileError {
    FileError(
      pictures.path,
      "leaves nothing to evaluate on: of \(pictures.count) pictures \(undecodable.count) cannot be decoded and "
        + "\(unlabelled.count) are of none of the \(classifier.classes.classes.count) classes, the first of which is "
        + "\"\(classifier.classes.classes[0].label)\"")
  }

  /// How well each class is told from all others by its probability; every rank works on a share of the classes.
  ///
  /// Similarities are multiplied a few classes at a time, so that no matrix of all pictures and classes exists.
  private static func metrics(
    of features: Tensor, _ labels: [Int], _ logSums: [Double], _ classifier: ZeroShotClassifier, _ multiplier: Double,
    in world: any Communicator
  ) throws -> [RankedMetrics] {
    let classes = classifier.features.rows, share = BatchShare(of: classes, batch: classesOfTile, in: world).numbers
    let found = Mutex([RankedMetrics?](repeating: nil, count: share.count))
    let room = Tensor(rows: min(classesOfTile, max(share.count, 1)), columns: features.rows)
    for first in stride(from: share.lowerBound, to: share.upperBound, by: classesOfTile) {
      let tile = first..<min(first + classesOfTile, share.upperBound)
      let similarities = room.rows(0..<tile.count)
      multiply(classifier.features.rows(tile), features.transposed, into: similarities)
      Threads.forEachItem(of: tile.count, keeping: {}) { row, _ in
        let scores = similarities.rows(row..<row + 1).withFloats { row in
          zip(row, logSums).map { multiplier * Double($0) - $1 }
        }
        let number = first + row
        let metrics = RankedMetrics(scores: scores) { labels[$0] == number }
        found.withLock { $0[number - share.lowerBound] = metrics }
      }
    }
    // What has no value travels as a negative number.
    let own = found.withLock { $0 }
    func gathered(_ value: (RankedMetrics) -> Double?) throws -> [Double?] {
      try world.all(own.map { $0.flatMap(value) ?? -1 }, from: share.lowerBound, of: classes).map { $0 < 0 ? nil : $0 }
    }
    return zip(try gathered(\.averagePrecision), try gathered(\.rocAUC)).map {
      RankedMetrics(averagePrecision: $0, rocAUC: $1)
    }
  }

  private static let classesOfTile = 16
}
