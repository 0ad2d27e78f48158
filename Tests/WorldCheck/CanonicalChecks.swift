import Collectives
import Foundation
import Tensors
import Towers
import Training

/// Steps of P ranks that add in canonical order, against those of one rank that does all itself: no bit differs.
struct CanonicalChecks {
  private static let batch = 16
  private static let steps = 3
  private let world: any Communicator
  // On eight ranks units are smaller than their grains, larger, and neither a multiple of them.
  private let configuration = ModelConfiguration(
    embedDim: 24,
    vision: VisionConfiguration(imageSize: 32, patchSize: 8, layers: 3, width: 80, headWidth: 20),
    text: TextConfiguration(contextLength: 12, vocabularySize: 60, width: 24, heads: 2, layers: 2))

  init(_ world: any Communicator) {
    self.world = world
  }

  /// What some steps leave, and what they found on their way.
  private struct Trained: Equatable {
    var losses: [Double] = []
    var accuracies: [[Double]] = []
    var norms: [Double] = []
    var gradients: [Float] = []
    let values: [Float]
  }

  func run(_ checks: inout Checks) throws {
    guard world.size.nonzeroBitCount == 1, Self.batch % world.size == 0 else { return }
    let own = Self.batch / world.size
    for precision in Precision.allCases {
      for microBatch in Set([1, 2, own]).sorted() where own % microBatch == 0 {
        Threads.use(1)
        let alone = try train(precision, .none, microBatch, in: SoloCommunicator())
        for (shard, threads) in [(Sharding.none, 1), (.none, 2), (.optimizer, 1), (.optimizer, 2)] {
          Threads.use(threads)
          defer { Threads.use(1) }
          let together = try train(precision, shard, microBatch, in: world)
          let name =
            "canonical, \(world.size) ranks of \(threads) threads, \(precision.rawValue), micro-batches of \(microBatch), "
            + "shard \(shard.rawValue)"
          try checks.expect(
            "\(name): losses", together.losses == alone.losses, "\(together.losses), alone \(alone.losses)")
          try checks.expect("\(name): accuracies", together.accuracies == alone.accuracies)
          try checks.expect(
            "\(name): norms", together.norms == alone.norms, "\(together.norms), alone \(alone.norms)")
          // A rank of a sharded optimizer has the sums of its slices only; the values come from all of them.
          if shard == .none { try checks.expect("\(name): gradients", together.gradients == alone.gradients) }
          try checks.expect("\(name): weights", together.values == alone.values)
        }
      }
    }
    try compareOrders(&checks)
    for precision in Precision.allCases { try contrasts(precision, &checks) }
  }

  /// Both orders add the same numbers, and not in the same order, or equality would say nothing.
  private func compareOrders(_ checks: inout Checks) throws {
    let canonical = try train(.fp32, .none, 1, in: SoloCommunicator())
    let ranks = try train(.fp32, .none, 1, order: .ranks, in: SoloCommunicator())
    let error = relativeError(canonical.gradients, ranks.gradients)
    try checks.expect("canonical order: the same gradients", error > 0 && error < 1e-4, "off by \(error)")
    let lossError = zip(canonical.losses, ranks.losses).map { abs($0 - $1) / $1 }.max() ?? 1
    try checks.expect("canonical order: the same losses", lossError < 1e-5, "off by \(lossError)")
  }

  private func train(
    _ precision: Precision, _ shard: Sharding, _ microBatch: Int, order: ReductionSettings.Order = .canonical,
    in world: any Communicator
  ) throws -> Trained {
    var recipe = Recipe(model: .custom(configuration))
    recipe.precision = precision
    recipe.shard = shard
    recipe.reduction.order = order
    recipe.optimizer.gradientClip = 0.5
    let own = Self.batch / world.size
    let step = TrainingStep(configuration, pairs: own, recipe: recipe, in: world)
    step.towers.parameters.initialize(seed: 5)
    var losses: [Double] = [], accuracies: [[Double]] = [], norms: [Double] = []
    for number in 1...Self.steps {
      let batches = stride(from: 0, to: own, by: microBatch).map { first in
        let lower = number * Self.batch + world.rank * own + first
        return MicroBatch.drawn(lower..<lower + microBatch, seed: 2)
      }
      try step.embed(batches)
      let contrast = try step.contrast()
      losses.append(contrast.loss)
      accuracies.append([contrast.imageAccuracy, contrast.textAccuracy])
      try step.backward(batches, from: contrast, step: number, learningRate: 1e-4)
      norms.append(try step.reduce())
      try step.optimize(norm: norms[number - 1])
    }
    let parameters = step.towers.parameters
    return Trained(
      losses: losses, accuracies: accuracies, norms: norms, gradients: parameters.gradients.values,
      values: parameters.values.values)
  }

  // MARK: - The loss alone, of batches that cross tiles

  private func contrasts(_ precision: Precision, _ checks: inout Checks) throws {
    let pairs = 1536, dimension = 24, own = pairs / world.size, rows = world.rank * own..<(world.rank + 1) * own
    let batch = Embeddings(count: pairs, dimension: dimension)
    for (stream, tensor) in [batch.images, batch.texts].enumerated() {
      var generator = CounterGenerator(seed: 5, stream: UInt64(stream))
      tensor.withMutableFloats { for index in $0.indices { $0[index] = generator.uniform() - 0.5 } }
      normalizeRows(tensor, into: tensor, inverseNorms: Tensor(rows: pairs, columns: 1))
    }
    add(batch.images, to: batch.texts)
    normalizeRows(batch.texts, into: batch.texts, inverseNorms: Tensor(rows: pairs, columns: 1))
    // Summed as they are, and with maxima; a share of each rank, and several.
    for multiplier: Float in [14.3, 100] {
      for shares in [8, 64] {
        func contrast(_ embeddings: Embeddings, in world: any Communicator) throws -> Contrast {
          var settings = Recipe.paper.reduction
          settings.order = .canonical
          return try CanonicalContrast.contrast(
            of: embeddings, logitScale: log(multiplier), shares: shares, by: SliceExchange(settings, in: world),
            into: Embeddings(count: embeddings.count, dimension: dimension), precision: precision, using: Workspace())
        }
        let alone = try contrast(batch, in: SoloCommunicator())
        for threads in [1, 2] {
          Threads.use(threads)
          defer { Threads.use(1) }
          let together = try contrast(batch.rows(rows), in: world)
          let name =
            "canonical contrast, \(world.size) ranks of \(threads) threads, \(precision.rawValue), \(shares) shares, "
            + "s = \(multiplier)"
          try checks.expect("\(name): loss", together.loss == alone.loss, "\(together.loss), alone \(alone.loss)")
          try checks.expect(
            "\(name): gradient of images",
            together.gradients.images.values == alone.gradients.images.rows(rows).values)
          try checks.expect(
            "\(name): gradient of texts", together.gradients.texts.values == alone.gradients.texts.rows(rows).values)
          try checks.expect(
            "\(name): accuracies",
            together.imageAccuracy == alone.imageAccuracy && together.textAccuracy == alone.textAccuracy
              && (0.2...0.99).contains(alone.textAccuracy), "\(together.textAccuracy), alone \(alone.textAccuracy)")
        }
      }
    }
  }
}
