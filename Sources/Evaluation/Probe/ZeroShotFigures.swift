public import Collectives
import Files
import Tensors
public import Towers

extension ProbeFigures {
  /// The figures of a zero-shot classifier on features of pictures, of classes in the same order.
  ///
  /// - Parameter towers: the model the features are of.
  public init(of classifier: ZeroShotClassifier, on split: LabelledFeatures, by towers: TwoTowers) {
    let embeddings = towers.embeddings(from: split.features, split.kind ?? .embedding)
    self.init(
      of: LinearClassifier(
        weights: classifier.features, biases: [Float](repeating: 0, count: classifier.features.rows),
        classes: Array(0..<classifier.features.rows)), on: embeddings, split.labels)
  }
}

extension FewShot {
  /// The metric of zero-shot classification on the test split.
  ///
  /// - Throws: `FileError` where the split does not say what its features are, or they are of another model.
  public static func zeroShot(
    _ splits: ProbeSplits, _ prompts: PromptTemplates, _ metric: ProbeMetric, by encoder: Encoder,
    in world: any Communicator
  ) throws -> Double {
    let test = splits.test, towers = encoder.towers
    guard let kind = test.kind, test.features.columns == towers.configuration.dimension(of: kind) else {
      throw FileError(
        test.path,
        "has features of \(test.features.columns) numbers, not said to be this model's: leave --templates and --classes out, "
          + "or write it with --save-features and the same --weights")
    }
    let classifier = try ZeroShotClassifier(test.classes, prompts, by: encoder, in: world)
    return try metric.score(ProbeFigures(of: classifier, on: test, by: towers), test)
  }
}
