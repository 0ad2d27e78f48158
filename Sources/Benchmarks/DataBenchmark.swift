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
  ///   - recipe: the model's picture size and context, the crop, and how many pairs make a micro-batch.
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
    Threads.use(1)
    let model = try recipe.model.configuration
    let reader = PairReader(
      data,
      SampleReader(
        pixels: model.vision.imageWidth, contextLength: model.text.contextLength, tokenizer: tokenizer,
        preprocessing: .clip), recipe, for: model.vision)
    let plan = BatchPlan(
      shardSizes: data.shardSizes, samples: data.count, seed: UInt64(recipe.seed), globalBatch: samples * world.size,
      microBatch: min(recipe.microBatch, samples), rank: world.rank, ranks: world.size)
    let framer = reader.framer()
    var times = ReadingTimes()
    var undecodable = 0
    var normalizing = 0.0
    try world.barrier()
    let before = Durations.processorSeconds()
    let seconds = try Durations.seconds {
      for number in 0..<plan.microBatches {
        let places = plan.places(step: 0, microBatch: number)
        let pictures = reader.memory(for: places.count)
        var tokens = [[Int32]](repeating: [], count: places.count)
        for rows in reader.groups(of: places) {
          let reading = try reader.read(rows, of: places, into: pictures, framer)
          for (row, ids) in reading.tokens { tokens[row] = ids }
          undecodable += reading.skipped
          times += reading.times
        }
        let batch = reader.microBatch(pictures, tokens: tokens, of: places)
        normalizing += Durations.seconds(of: { normalize(batch.pictures, for: model.vision) })
      }
    }
    let processor = Durations.processorSeconds() - before
    let parts = [times.reading, times.decompressing, times.decoding, times.resizing, normalizing, times.tokenizing]
    var totals = [seconds, processor, Double(undecodable)] + parts
    try totals.withUnsafeMutableBufferPointer { try world.sum($0) }
    return DataReport(
      samples: samples * world.size, undecodable: Int(totals[2]), pixels: model.vision.imageWidth,
      seconds: totals[0], processorSeconds: totals[1], parts: Array(totals[3...]))
  }

  /// Makes the image tower's input of pictures, as the tower does when it begins: numbers, patch by patch.
  private func normalize(_ pictures: PackedPictures, for vision: VisionConfiguration) {
    let pixels = UnsafeBufferPointer(pictures.pixels.bytes)
    let bytes = 3 * vision.imageHeight * vision.imageWidth
    let input = Tensor(
      rows: vision.gridHeight * vision.gridWidth, columns: 3 * vision.patchSize * vision.patchSize,
      recipe.precision.activations)
    for picture in 0..<pictures.count {
      patches(
        of: UnsafeBufferPointer(rebasing: pixels[picture * bytes..<(picture + 1) * bytes]),
        height: vision.imageHeight, width: vision.imageWidth, patch: vision.patchSize, mean: pictures.mean,
        deviation: pictures.deviation, into: input)
    }
  }
}
