public import Collectives
public import Tensors

/// Classes as embeddings of texts about them: a picture is of the class whose embedding is the most similar to its own.
public struct ZeroShotClassifier: Sendable {
  /// The classes.
  public let classes: ClassList
  /// (classes, embedding), rows of length 1.
  public let features: Tensor
  /// The templates they were described with.
  public let templates: [String]

  /// A classifier of its parts.
  package init(_ classes: ClassList, features: Tensor, templates: [String]) {
    precondition(features.rows == classes.classes.count, "\(features.rows) rows for \(classes.classes.count) classes")
    self.classes = classes
    self.features = features
    self.templates = templates
  }

  /// The same classes as data know them: as many, in the same order.
  public func with(_ classes: ClassList) -> ZeroShotClassifier {
    ZeroShotClassifier(classes, features: features, templates: templates)
  }

  /// Describes every class by every template and each of its names; all ranks share the work and return the same.
  ///
  /// The embedding of a class is the mean of those of its texts, each of length 1, brought to length 1 again: as
  /// `build_zero_shot_classifier` of open_clip makes it.
  ///
  /// - Parameter progress: told how many of this rank's classes are done.
  public init(
    _ classes: ClassList, _ templates: PromptTemplates, by encoder: Encoder, in world: any Communicator,
    progress: (Int) -> Void = { _ in }
  ) throws {
    let own = BatchShare(of: classes.classes.count, batch: Self.classesOfBatch, in: world).numbers
    let features = Tensor(rows: own.count, columns: encoder.dimension)
    for first in stride(from: own.lowerBound, to: own.upperBound, by: Self.classesOfBatch) {
      let some = classes.classes[first..<min(first + Self.classesOfBatch, own.upperBound)]
      let texts = some.map { each in
        each.names.flatMap { name in templates.templates.map { $0.filled(with: name) } }
      }
      let embeddings = try encoder.texts(texts.flatMap(\.self))
      var row = 0
      for (number, texts) in texts.enumerated() {
        let mean = Self.mean(of: embeddings.rows(row..<row + texts.count))
        features.rows(first - own.lowerBound + number..<first - own.lowerBound + number + 1).set(mean)
        row += texts.count
      }
      progress(first + some.count - own.lowerBound)
    }
    self.init(classes, features: try world.allRows(features), templates: templates.templates.map(\.text))
  }

  private static let classesOfBatch = 16

  /// The mean of rows, of length 1.
  private static func mean(of rows: Tensor) -> [Float] {
    var sums = [Double](repeating: 0, count: rows.columns)
    rows.withFloats { numbers in
      for row in 0..<rows.rows {
        for column in 0..<rows.columns { sums[column] += Double(numbers[row * rows.columns + column]) }
      }
    }
    let length = sums.reduce(0) { $0 + $1 * $1 }.squareRoot()
    return sums.map { Float($0 / max(length, .leastNormalMagnitude)) }
  }
}
