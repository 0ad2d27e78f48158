import Captions
import Checkpoints
import Collectives
import Evaluation
import Shards
import Towers
import Training

/// Measures retrieval on a validation dataset, each rank embedding its share and ranking it.
final class Validator {
  private let data: ShardCollection
  private let reader: SampleReader
  private let threads: Int
  private let world: any Communicator
  private var hasWarned = false

  init(_ directory: String, _ recipe: Recipe, _ tokenizer: Tokenizer, threads: Int, in world: any Communicator) throws {
    data = try ShardCollection([directory])
    let model = try recipe.model.configuration
    reader = SampleReader(
      pixels: model.vision.imageWidth, contextLength: model.text.contextLength, tokenizer: tokenizer,
      preprocessing: .clip)
    self.threads = threads
    self.world = world
  }

  /// Recall in both directions; all ranks return the same.
  func callAsFunction(_ towers: TwoTowers) throws -> [String: Double] {
    let measured = try RetrievalMeasurement(data, by: Encoder(towers, reader, threads: threads), in: world)
    if world.isFirst, !hasWarned, let warning = measured.undecodable.warning("that cannot be decoded") {
      Failure.tell("warning: validation: \(warning)")
      hasWarned = true
    }
    let (textToImage, imageToText) = (measured.found.textToImage, measured.found.imageToText)
    return [
      "text_to_image_R@1": textToImage.recallAt1, "text_to_image_R@5": textToImage.recallAt5,
      "text_to_image_R@10": textToImage.recallAt10, "image_to_text_R@1": imageToText.recallAt1,
      "image_to_text_R@5": imageToText.recallAt5, "image_to_text_R@10": imageToText.recallAt10,
    ]
  }
}
