import Captions
import Checkpoints
import Collectives
import Evaluation
import Shards
import Tensors
import Towers
import Training

/// Measures retrieval on a validation dataset, each rank embedding its share.
final class Validator {
  private let data: ShardCollection
  private let reader: SampleReader
  private let threads: Int
  private let world: any Communicator

  init(_ directory: String, _ recipe: Recipe, _ tokenizer: Tokenizer, threads: Int, in world: any Communicator) throws {
    data = try ShardCollection([directory])
    let model = try recipe.model.configuration
    reader = SampleReader(
      pixels: model.vision.imageWidth, contextLength: model.text.contextLength, tokenizer: tokenizer,
      preprocessing: .clip)
    self.threads = threads
    self.world = world
  }

  /// Recall and rank in both directions; all ranks return the same.
  func callAsFunction(_ towers: TwoTowers) throws -> [String: Double] {
    // Every rank takes equally many, the last ones some twice: parts can be gathered, and ranks that share the model embed
    // equally often.
    let share = (data.count + world.size - 1) / world.size
    let first = world.rank * share
    let data = data
    let encoder = Encoder(towers, reader, threads: threads)
    let captions = try (first..<first + share).map { try data.sample(at: $0 % data.count).caption }
    let images = try encoder.images(of: data, first..<first + share)
    let whole = try [images, try encoder.texts(captions)].map { part in
      let all = Tensor(rows: share * world.size, columns: part.columns)
      try part.withFloats { own in try all.withMutableFloats { try world.gather(own, into: $0) } }
      return all.rows(0..<data.count)
    }
    let found = Retrieval(images: whole[0], texts: whole[1])
    return [
      "text_to_image_R@1": found.textToImage.recallAt1, "text_to_image_R@5": found.textToImage.recallAt5,
      "text_to_image_R@10": found.textToImage.recallAt10, "image_to_text_R@1": found.imageToText.recallAt1,
      "image_to_text_R@5": found.imageToText.recallAt5, "image_to_text_R@10": found.imageToText.recallAt10,
    ]
  }
}
