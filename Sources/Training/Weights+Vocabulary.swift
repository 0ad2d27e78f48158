public import Captions
public import Checkpoints
import Files
import Towers

extension Weights {
  /// The vocabulary the model was trained with.
  public func loadVocabulary() throws -> Vocabulary {
    guard let name = vocabulary else {
      throw FileError(path, "has no vocabulary beside it; expected vocab.json and merges.txt")
    }
    let loaded = try Vocabulary.named(name)
    guard loaded.size == configuration.text.vocabularySize else {
      throw FileError(
        path, "belongs to a vocabulary of \(configuration.text.vocabularySize) tokens, \(name) has \(loaded.size)")
    }
    return loaded
  }
}
