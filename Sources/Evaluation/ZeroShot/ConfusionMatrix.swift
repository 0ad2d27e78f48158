import Files

/// How often pictures of a class were taken for each of the classes.
public struct ConfusionMatrix: Equatable, Sendable {
  /// What the classes are called.
  let labels: [String]
  /// For each class, how often it was taken for which; what never happened is not there.
  private let counts: [[Int: Int]]

  /// - Parameters:
  ///   - labels: what the classes are called.
  ///   - truths: the number of each picture's class.
  ///   - predictions: the number of the class it was taken for.
  package init(labels: [String], truths: [Int], predictions: [Int]) {
    var counts = [[Int: Int]](repeating: [:], count: labels.count)
    for (truth, prediction) in zip(truths, predictions) { counts[truth][prediction, default: 0] += 1 }
    self.labels = labels
    self.counts = counts
  }

  /// How often pictures of a class were taken for another.
  func count(_ truth: Int, takenFor prediction: Int) -> Int { counts[truth][prediction] ?? 0 }

  /// Pictures of a class.
  func samples(of truth: Int) -> Int { counts[truth].values.reduce(0, +) }

  /// The class that pictures of one were taken for most often other than their own; of equals the lower number.
  func mostFrequentMistake(of truth: Int) -> Int? {
    counts[truth].filter { $0.key != truth }.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key
  }

  /// The matrix as a table: a row for each class, a column for each it was taken for.
  private var csv: String {
    let header = CSVRow.text(["class"] + labels)
    let rows = labels.indices.map { truth in
      CSVRow.text([labels[truth]] + labels.indices.map { "\(count(truth, takenFor: $0))" })
    }
    return ([header] + rows).joined()
  }

  /// Writes the matrix: as a picture where the name ends with `.png`, else as a table.
  public func write(to path: String) throws {
    if path.lowercased().hasSuffix(".png") {
      try FileWriter.write(ConfusionChart(self).png(), to: path)
    } else {
      try FileWriter.write(Array(csv.utf8), to: path)
    }
  }
}
