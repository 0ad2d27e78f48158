import Files
import Tensors
import Towers

/// What a probe is trained, chosen and measured on: features of the same kind, of pictures of the same classes.
public struct ProbeSplits: Sendable {
  /// What it is trained on.
  public let train: LabelledFeatures
  /// What the strength of its penalty is chosen on; nil: not given.
  public let validation: LabelledFeatures?
  /// What it is measured on.
  public let test: LabelledFeatures

  /// Puts splits together; classes are the training split's, matched by their labels.
  ///
  /// - Throws: `FileError` where features differ in kind or length, a class is only in a split the probe is not trained
  ///   on, or there are fewer than two classes.
  public init(train: LabelledFeatures, validation: LabelledFeatures?, test: LabelledFeatures) throws {
    self.train = train
    self.validation = try validation.map { try $0.matched(to: train) }
    self.test = try test.matched(to: train)
    guard Set(train.labels).count > 1 else {
      throw FileError(
        train.path,
        "has pictures of one class only, \"\(train.classes.classes[train.labels[0]].label)\": expected at least two")
    }
  }

  /// All that a probe whose settings are chosen can be trained on.
  var all: LabelledFeatures { validation.map(train.followed) ?? train }

  /// The validation split, or a fifth of the training split: of each class with at least two pictures at least one.
  ///
  /// - Throws: `FileError` where every class has one picture.
  func chosen(seed: UInt64) throws -> (train: LabelledFeatures, validation: LabelledFeatures) {
    if let validation { return (train, validation) }
    var kept: [Int] = [], taken: [Int] = []
    for (number, pictures) in train.members {
      let order = CountedDraw.shuffled(pictures, seed: seed, .validation, position: number)
      let count = pictures.count > 1 ? max(1, pictures.count / Self.shareOfValidation) : 0
      taken += order[..<count]
      kept += order[count...]
    }
    guard !taken.isEmpty else {
      throw FileError(
        train.path,
        "has one picture of each class, so that none can be set aside to choose C by: give --validation, or --c")
    }
    return (train.picked(kept.sorted()), train.picked(taken.sorted()))
  }

  private static let shareOfValidation = 5
}

extension LabelledFeatures {
  /// The same with the classes of the training split.
  fileprivate func matched(to train: LabelledFeatures) throws -> LabelledFeatures {
    guard features.columns == train.features.columns else {
      throw FileError(
        path, "has features of \(features.columns) numbers, but \(train.path) of \(train.features.columns)")
    }
    if let kind, let other = train.kind, kind != other {
      throw FileError(path, "has \(kind.rawValue) features, but \(train.path) \(other.rawValue) ones")
    }
    let known = Set(train.labels)
    let numbers = Dictionary(
      uniqueKeysWithValues: train.classes.classes.enumerated().compactMap { number, each in
        known.contains(number) ? (each.label, number) : nil
      })
    let matched = try labels.map { label in
      let name = classes.classes[label].label
      guard let number = numbers[name] else {
        throw FileError(
          path,
          "has pictures of the class \"\(name)\", but \(train.path) has none to train on: add some, or leave the class out"
        )
      }
      return number
    }
    return LabelledFeatures(
      path, kind ?? train.kind, features, matched, train.classes, leftOut: leftOut, warnings: warnings)
  }
}
