public import Captions
import Checkpoints
public import Collectives
import Images
public import Shards
import Tensors
import Towers
public import Training

/// How fast samples are read and prepared on one core: the reading path of training, in the order of training.
public struct DataBenchmark: Sendable {
  private let data: ShardCollection
  private let recipe: Recipe
  private let tokenizer: Tokenizer
  private let samples: Int

  /// - Parameters:
  ///   - data: the samples.
  ///   - recipe: the model's picture size and context, and the crop.
  ///   - tokenizer: of the recipe's vocabulary.
  ///   - samples: how many each rank reads.
  public init(_ data: ShardCollection, _ recipe: Recipe, _ tokenizer: Tokenizer, samples: Int) {
    self.data = data
    self.recipe = recipe
    self.tokenizer = tokenizer
    self.samples = samples
  }

  /// Reads on all ranks at once, on one thread each.
  public func run(in world: any Communicator) throws -> DataReport {
    let model = try recipe.model.configuration
    let reader = SampleReader(
      pixels: model.vision.imageWidth, contextLength: model.text.contextLength, tokenizer: tokenizer,
      preprocessing: .clip)
    let order = SampleOrder(shardSizes: data.shardSizes, seed: UInt64(recipe.seed), epoch: 0)
    let crop = Crop(recipe.augmentation)
    var times = ReadingTimes()
    var undecodable = 0
    try world.barrier()
    let seconds = try Durations.seconds {
      for index in 0..<samples {
        let position = (world.rank * samples + index) % data.count
        var generator = CounterGenerator(seed: UInt64(recipe.seed), epoch: 0, position: position)
        do {
          let sample = try data.sample(at: order.sample(at: position), measuring: &times)
          _ = try reader.pair(sample.picture, sample.caption, crop: crop, using: &generator, measuring: &times)
        } catch is ImageError {
          undecodable += 1
        }
      }
    }
    let parts = [times.reading, times.decompressing, times.decoding, times.resizing, times.tokenizing]
    var totals = [seconds, Double(undecodable)] + parts
    try totals.withUnsafeMutableBufferPointer { try world.sum($0) }
    return DataReport(
      samples: samples * world.size, undecodable: Int(totals[1]), pixels: model.vision.imageWidth,
      seconds: totals[0], parts: Array(totals[2...]))
  }
}
