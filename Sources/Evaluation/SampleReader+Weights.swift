import Captions
public import Checkpoints
import Files
import Towers
public import Training

extension SampleReader {
  /// What prepares the inputs of a model, with the vocabulary and preprocessing it was trained with.
  ///
  /// - Throws: a `FileError` also where the model's pictures are no squares, which nothing here cuts.
  public init(for weights: Weights) throws {
    let vision = weights.configuration.vision
    guard vision.imageWidth == vision.imageHeight else {
      throw FileError(
        weights.path,
        "takes pictures of \(vision.imageWidth) × \(vision.imageHeight) pixels, expected a square: pictures are cropped "
          + "to one")
    }
    self.init(
      pixels: vision.imageWidth, contextLength: weights.configuration.text.contextLength,
      tokenizer: Tokenizer(try weights.loadVocabulary()), preprocessing: weights.preprocessing)
  }
}
