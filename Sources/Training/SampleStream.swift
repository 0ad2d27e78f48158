import Captions
import Checkpoints
import Collectives
import Shards
import Tensors
import Towers

/// This rank's micro-batches, step after step, made ahead of time on as many threads as compute.
final class SampleStream {
  private let plan: BatchPlan
  private let batches: BatchThreads
  /// Pictures of the micro-batches taken so far that could not be decoded and were replaced.
  private(set) var skipped = 0
  /// What reading the micro-batches of the step took, of all threads together.
  private(set) var times = ReadingTimes()

  /// Micro-batches from `step` on.
  ///
  /// - Parameter ahead: how many micro-batches may be ready at a time; they bound the memory.
  init(
    _ data: ShardCollection, plan: BatchPlan, recipe: Recipe, model: ModelConfiguration, tokenizer: Tokenizer,
    from step: Int, ahead: Int = 4
  ) {
    self.plan = plan
    let reader = SampleReader(
      pixels: model.vision.imageWidth, contextLength: model.text.contextLength, tokenizer: tokenizer,
      preprocessing: .clip)
    batches = BatchThreads(
      from: step * plan.microBatches, threads: Threads.count, ahead: ahead,
      PairReader(data, reader, recipe, for: model.vision)
    ) {
      plan.places(step: $0 / plan.microBatches, microBatch: $0 % plan.microBatches)
    }
  }

  /// The micro-batches of the next step.
  ///
  /// - Parameter progress: called with each.
  func nextBatches(progress: () -> Void) throws -> [MicroBatch] {
    times = ReadingTimes()
    return try (0..<plan.microBatches).map { _ in
      progress()
      let (batch, skipped, times) = try batches.next()
      self.skipped += skipped
      self.times += times
      return batch
    }
  }

  /// Of all ranks together: pictures that were replaced so far, and what reading the step's samples took.
  func total(in world: some Communicator) throws -> (skipped: Int, times: ReadingTimes) {
    var sums = [Double(skipped)] + ReadingTimes.parts.map { times[keyPath: $0] }
    try sums.withUnsafeMutableBufferPointer { try world.sum($0) }
    var total = ReadingTimes()
    for (part, sum) in zip(ReadingTimes.parts, sums.dropFirst()) { total[keyPath: part] = sum }
    return (Int(sums[0]), total)
  }
}
