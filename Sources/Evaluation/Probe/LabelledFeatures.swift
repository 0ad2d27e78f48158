public import Tensors
public import Towers

/// Features of pictures whose classes are known.
public struct LabelledFeatures: Sendable {
  /// Where they are from.
  public let path: String
  /// What they are; nil: the file they are from does not say.
  public let kind: PictureFeatures?
  /// (pictures, numbers of each), at least one row.
  public let features: Tensor
  /// The number of each picture's class.
  public let labels: [Int]
  /// The classes.
  public let classes: ClassList
  /// How many pictures could not be decoded, or are of none of the classes, and are not among these.
  public let leftOut: Int
  /// Lines to show, on the first rank: what was left out, and what was taken for granted.
  public let warnings: [String]

  init(
    _ path: String, _ kind: PictureFeatures?, _ features: Tensor, _ labels: [Int], _ classes: ClassList,
    leftOut: Int = 0, warnings: [String] = []
  ) {
    precondition(features.rows == labels.count && !labels.isEmpty, "\(features.rows) rows, \(labels.count) labels")
    self.path = path
    self.kind = kind
    self.features = features
    self.labels = labels
    self.classes = classes
    self.leftOut = leftOut
    self.warnings = warnings
  }

  /// Those of some pictures.
  func picked(_ numbers: [Int]) -> LabelledFeatures {
    let rows = Tensor(rows: numbers.count, columns: features.columns)
    gatherRows(of: features, numbers.map { Int32($0) }, into: rows)
    return LabelledFeatures(path, kind, rows, numbers.map { labels[$0] }, classes)
  }

  /// These, and others of the same classes behind them.
  func followed(by other: LabelledFeatures) -> LabelledFeatures {
    let all = Tensor(rows: features.rows + other.features.rows, columns: features.columns)
    copy(features, into: all.rows(0..<features.rows))
    copy(other.features, into: all.rows(features.rows..<all.rows))
    return LabelledFeatures(path, kind, all, labels + other.labels, classes, leftOut: leftOut + other.leftOut)
  }

  /// The pictures of each class that has any, ascending.
  var members: [(number: Int, pictures: [Int])] {
    Dictionary(grouping: labels.indices) { labels[$0] }.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }
}
