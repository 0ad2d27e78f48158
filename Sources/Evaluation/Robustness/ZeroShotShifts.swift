import Files
import Tensors

/// A zero-shot classifier on a reference set and on sets that differ from it.
public struct ZeroShotShifts: Sendable {
  /// What was measured.
  public let accuracies: [ShiftedAccuracy]

  /// Measures. A set that has pictures of some classes only is compared with these classes of the reference set, and only
  /// they can be taken: as CLIP's authors compare ImageNet-R's 200 classes with the same ones of ImageNet.
  ///
  /// - Parameters:
  ///   - model: what to call it.
  ///   - reference: embeddings of the reference set's pictures.
  ///   - shifted: embeddings of the other sets' pictures, of the same classes, and what the sets are called.
  public init(
    model: String, _ classifier: ZeroShotClassifier, reference: LabelledFeatures,
    shifted: [(name: String, pictures: LabelledFeatures)]
  ) throws {
    accuracies = try shifted.map { name, pictures in
      let classes = Set(pictures.labels).sorted(), known = Set(classes)
      let same = reference.labels.indices.filter { known.contains(reference.labels[$0]) }
      guard !same.isEmpty else {
        throw FileError(reference.path, "has no pictures of the \(classes.count) classes of \(pictures.path)")
      }
      let weights = Tensor(rows: classes.count, columns: classifier.features.columns)
      gatherRows(of: classifier.features, classes.map { Int32($0) }, into: weights)
      let some = LinearClassifier(
        weights: weights, biases: [Float](repeating: 0, count: classes.count), classes: classes)
      func accuracy(_ pictures: LabelledFeatures) -> Double {
        ProbeFigures(of: some, on: pictures.features, pictures.labels).top1
      }
      return ShiftedAccuracy(
        model: model, shift: name, reference: accuracy(reference.picked(same)), shifted: accuracy(pictures))
    }
  }
}
