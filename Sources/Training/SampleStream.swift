import Captions
import Checkpoints
import Images
import Shards
import Tensors
import Towers

/// This rank's micro-batches, step after step, made ahead of time on threads of their own.
final class SampleStream {
  private let plan: BatchPlan
  private let prefetcher: Prefetcher<(batch: MicroBatch, skipped: Int)>
  /// Pictures of the micro-batches taken so far that could not be decoded and were replaced.
  private(set) var skipped = 0

  /// Micro-batches from `step` on.
  ///
  /// - Parameter ahead: how many micro-batches may be ready at a time; they bound the memory.
  init(
    _ data: ShardCollection, plan: BatchPlan, recipe: Recipe, model: ModelConfiguration, tokenizer: Tokenizer,
    from step: Int, ahead: Int = 4
  ) {
    self.plan = plan
    let crop = Crop(recipe.augmentation)
    let reader = SampleReader(
      pixels: model.vision.imageWidth, contextLength: model.text.contextLength, tokenizer: tokenizer,
      preprocessing: .clip)
    let seed = UInt64(recipe.seed)
    prefetcher = Prefetcher(from: step * plan.microBatches, threads: 1, ahead: ahead) { number in
      let places = plan.places(step: number / plan.microBatches, microBatch: number % plan.microBatches)
      var skipped = 0
      let batch = try reader.microBatch(of: places.count) { index in
        let place = places[index]
        var generator = CounterGenerator(seed: seed, epoch: place.epoch, position: place.position)
        // A picture that cannot be decoded is the data's fault, not the disk's: the next sample stands in for it, the
        // same one whoever asks, so that all ranks stay in step.
        for next in 0..<min(data.count, 100) {
          do {
            let sample = try data.sample(at: (place.sample + next) % data.count)
            let captions = sample.captions
            // By hand: what the standard library draws may change with its version, and a resumed run with it.
            let drawn =
              captions.count > 1 ? Int(generator.next().multipliedFullWidth(by: UInt64(captions.count)).high) : 0
            let caption = captions[drawn]
            return try reader.pair(sample.picture, caption, crop: crop, using: &generator)
          } catch is ImageError {
            skipped += 1
          }
        }
        throw TrainingError("a hundred samples in a row from sample \(place.sample) on cannot be decoded")
      }
      return (batch, skipped)
    }
  }

  /// The micro-batches of the next step.
  ///
  /// - Parameter progress: called with each.
  func nextBatches(progress: () -> Void) throws -> [MicroBatch] {
    try (0..<plan.microBatches).map { _ in
      progress()
      let (batch, skipped) = try prefetcher.next()
      self.skipped += skipped
      return batch
    }
  }
}
