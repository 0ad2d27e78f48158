import CAllocations
import Collectives
import Tensors
import Towers
import Training

/// A step reserves nothing: what it computes with, the first one has left.
struct AllocationChecks {
  private let world: any Communicator
  private static let pairs = 12
  /// Activations of this model are some MB, its parameters too; lists of rows and segments are far smaller than this.
  private static let small = 64 << 10
  private let configuration = ModelConfiguration(
    embedDim: 64,
    vision: VisionConfiguration(imageSize: 64, patchSize: 8, layers: 3, width: 192, headWidth: 32),
    text: TextConfiguration(contextLength: 16, vocabularySize: 5000, width: 128, heads: 2, layers: 2))

  init(_ world: any Communicator) {
    self.world = world
  }

  func run(_ checks: inout Checks) throws {
    for (shard, order) in [
      (Sharding.optimizer, ReductionSettings.Order.ranks), (.parameters, .ranks), (.optimizer, .canonical),
    ] where order == .ranks || world.size.nonzeroBitCount == 1 {
      for precision in Precision.allCases {
        for microBatch in [Self.pairs, 4] {
          for threads in [1, 2] {
            try run(shard, order, precision, microBatch: microBatch, threads: threads, &checks)
          }
        }
      }
    }
  }

  private func run(
    _ shard: Sharding, _ order: ReductionSettings.Order, _ precision: Precision, microBatch: Int, threads: Int,
    _ checks: inout Checks
  ) throws {
    Threads.use(threads)
    defer { Threads.use(1) }
    let (count, largest, bytes) = try requests(shard, order, precision, microBatch: microBatch)
    try checks.expect(
      "shard \(shard.rawValue), order \(order.rawValue), \(precision.rawValue), micro-batches of \(microBatch), "
        + "\(threads) threads: a step reserves nothing large (\(count) lists, \(bytes / 1024) KiB)",
      count > 0 && largest < Self.small, "the largest of \(count) requests is for \(largest) bytes")
  }

  /// What the third step asks the allocator and the system for.
  private func requests(
    _ shard: Sharding, _ order: ReductionSettings.Order, _ precision: Precision, microBatch: Int
  ) throws -> (count: Int, largest: Int, bytes: Int) {
    var recipe = Recipe.paper
    recipe.precision = precision
    recipe.shard = shard
    recipe.reduction.order = order
    recipe.microBatch = microBatch
    let step = TrainingStep(configuration, pairs: Self.pairs, recipe: recipe, in: world)
    step.towers.parameters.initialize(seed: 5)
    let batches = stride(from: 0, to: Self.pairs, by: microBatch).map { first in batch(first..<first + microBatch) }
    for number in 1...3 {
      try world.barrier()
      if number == 3 { CAllocations_begin() }
      try step.embed(batches)
      let contrast = try step.contrast()
      try step.backward(batches, from: contrast, step: number, learningRate: 1e-4)
      try step.optimize(norm: try step.reduce())
      CAllocations_end()
    }
    return (CAllocations_count(), CAllocations_largest(), CAllocations_bytes())
  }

  private func batch(_ rows: Range<Int>) -> MicroBatch {
    let side = configuration.vision.imageHeight
    let captions = rows.map { row in (0..<row + 4).map { Int32($0) } }
    return MicroBatch(
      pictures: PackedPictures(
        pixels: (0..<rows.count * side * side * 3).map { UInt8(truncatingIfNeeded: $0 &* 7919) }, count: rows.count,
        mean: [0.5, 0.5, 0.5], deviation: [0.25, 0.25, 0.25]),
      captions: PackedCaptions(captions))
  }
}
