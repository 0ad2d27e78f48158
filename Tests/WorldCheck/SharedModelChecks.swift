import Collectives
import Tensors
import Towers
import Training

/// Training steps of a model whose blocks ranks share, against one that every rank keeps whole.
///
/// With one micro-batch a step nothing but the place of numbers differs, and the weights are equal to the last bit. With
/// several, the ranks' gradients are summed for each micro-batch instead of once, so that sums are rounded differently.
struct SharedModelChecks {
  private static let batch = 8
  private static let steps = 3
  private let world: any Communicator
  // Units that four ranks share unequally.
  private let configuration = ModelConfiguration(
    embedDim: 24,
    vision: VisionConfiguration(imageSize: 32, patchSize: 8, layers: 3, width: 40, headWidth: 20),
    text: TextConfiguration(contextLength: 12, vocabularySize: 60, width: 24, heads: 2, layers: 2))

  init(_ world: any Communicator) {
    self.world = world
  }

  /// What some steps leave.
  private struct Trained {
    let towers: TwoTowers
    let losses: [Double]
    let norms: [Double]
  }

  func run(_ checks: inout Checks) throws {
    let own = Self.batch / world.size
    for (wire, isLocked) in [(.fp32, false), (.bf16, false), (.fp32, true)] as [(ReductionSettings.Wire, Bool)] {
      for microBatch in Set([1, own]).sorted() {
        let whole = try train(.none, wire, microBatch, isLocked: isLocked)
        let shared = try train(.parameters, wire, microBatch, isLocked: isLocked)
        let name =
          "\(world.size) ranks, \(wire.rawValue) on the wire, micro-batches of \(microBatch), shared blocks"
          + (isLocked ? ", some locked" : "")
        if microBatch == own {
          try checks.expect("\(name): no bit of the weights changes", largestError(shared, whole) == 0)
          try checks.expect(
            "\(name): no bit of losses and norms changes", shared.losses == whole.losses && shared.norms == whole.norms)
        } else {
          // Parts that are rounded to eight bits before they are summed are others where there are more of them.
          let limit: Float = wire == .fp32 ? 1e-6 : 1e-3, error = try largestError(shared, whole)
          try checks.expect("\(name): weights", error <= limit, "off by \(error)")
          let normError = zip(shared.norms, whole.norms).map { abs($0 - $1) / $1 }.max() ?? 1
          try checks.expect(
            "\(name): norms", normError <= (wire == .fp32 ? 1e-6 : 1e-2), "off by \(normError)")
        }
        let count = shared.towers.parameters.stretches.count { $0.isShared }
        try checks.expect("\(name): every block is shared", count == (world.size > 1 ? 5 : 0), "\(count) blocks")
      }
    }
  }

  /// - Parameter isLocked: whether the first two of five groups are locked of the image tower, of the text tower all but the projection.
  private func train(
    _ shard: Sharding, _ wire: ReductionSettings.Wire, _ microBatch: Int, isLocked: Bool
  ) throws -> Trained {
    var recipe = Recipe(model: .custom(configuration))
    recipe.precision = .fp32
    recipe.shard = shard
    recipe.reduction.wire = wire
    if isLocked {
      recipe.lock.image = true
      recipe.lock.imageUnlockedGroups = 3
      recipe.lock.text = true
      recipe.lock.textUnlockedGroups = 1
      recipe.activationCheckpointing = true
    }
    recipe.optimizer.gradientClip = 0.5
    let own = Self.batch / world.size
    let step = TrainingStep(configuration, pairs: own, recipe: recipe, in: world)
    step.towers.parameters.initialize(seed: 5)
    var losses: [Double] = [], norms: [Double] = []
    for number in 1...Self.steps {
      let batches = stride(from: 0, to: own, by: microBatch).map { first in
        let lower = number * Self.batch + world.rank * own + first
        return MicroBatch.drawn(lower..<lower + min(microBatch, own - first), seed: 2)
      }
      try step.embed(batches)
      let contrast = try step.contrast()
      try step.backward(batches, from: contrast, step: number, learningRate: 1e-4)
      norms.append(try step.reduce())
      try step.optimize(norm: norms[number - 1])
      losses.append(contrast.loss)
    }
    return Trained(towers: step.towers, losses: losses, norms: norms)
  }

  /// How far any weight this rank keeps is from where it is in a model that is whole.
  private func largestError(_ shared: Trained, _ whole: Trained) throws -> Float {
    let errors = shared.towers.parameters.stretches.flatMap { stretch in
      let found = shared.towers.parameters.values(of: stretch.kept).values
      return zip(found, whole.towers.parameters.values(of: stretch.kept).values).map { abs($0 - $1) }
    }
    return errors.max() ?? 0
  }
}
