import Collectives
import Tensors
import Towers
import Training

/// Steps that update each block as soon as the way back has left it, against steps along the whole gradient: no bit differs.
struct UnitUpdateChecks {
  private static let pairs = 4
  private static let steps = 3
  private let world: any Communicator
  // Units that four ranks share unequally.
  private let transformer = ModelConfiguration(
    embedDim: 24,
    vision: VisionConfiguration(imageSize: 32, patchSize: 8, layers: 3, width: 40, headWidth: 20),
    text: TextConfiguration(contextLength: 12, vocabularySize: 60, width: 24, heads: 2, layers: 2))
  private let residual = ModelConfiguration(
    embedDim: 16, vision: VisionConfiguration(imageSize: 32, stages: [1, 2, 1, 1], width: 4, headWidth: 32),
    text: TextConfiguration(contextLength: 12, vocabularySize: 60, width: 32, heads: 2, layers: 2))

  init(_ world: any Communicator) {
    self.world = world
  }

  /// What some steps leave.
  private struct Trained {
    var losses: [Double] = []
    var norms: [Double] = []
    var values: [Float] = []
    var moments: [Float] = []
    var bytes = 0
    var isPassing = false
  }

  func run(_ checks: inout Checks) throws {
    for shard in Sharding.allCases {
      for wire in ReductionSettings.Wire.allCases {
        for (kind, configuration, isLocked) in [
          ("transformer", transformer, false), ("transformer, some locked", transformer, true),
          ("ResNet", residual, false),
        ] {
          let whole = try train(configuration, shard, wire, isLocked: isLocked, isWhole: true)
          let passing = try train(configuration, shard, wire, isLocked: isLocked, isWhole: false)
          let name =
            "\(kind), \(world.size) ranks, shard \(shard.rawValue), \(wire.rawValue) on the wire: blocks updated on the way"
          try checks.expect("\(name) are", passing.isPassing && !whole.isPassing)
          try checks.expect("\(name): no bit of the weights changes", passing.values == whole.values)
          try checks.expect("\(name): no bit of the moments changes", passing.moments == whole.moments)
          try checks.expect(
            "\(name): no bit of losses and norms changes",
            passing.losses == whole.losses && passing.norms == whole.norms, "\(passing.norms), whole \(whole.norms)")
          try checks.expect(
            "\(name): less is reserved", passing.bytes < whole.bytes, "\(passing.bytes) of \(whole.bytes) bytes")
        }
      }
    }
  }

  /// - Parameter isWhole: whether a clip no gradient is as long as keeps the whole gradient together.
  private func train(
    _ configuration: ModelConfiguration, _ shard: Sharding, _ wire: ReductionSettings.Wire, isLocked: Bool,
    isWhole: Bool
  ) throws -> Trained {
    var recipe = Recipe(model: .custom(configuration))
    recipe.precision = .fp32
    recipe.shard = shard
    recipe.reduction.wire = wire
    recipe.batchNorm = .world
    recipe.optimizer.gradientClip = isWhole ? 1e30 : 0
    if isLocked {
      recipe.lock.image = true
      recipe.lock.imageUnlockedGroups = 3
      recipe.lock.text = true
      recipe.lock.textUnlockedGroups = 2
    }
    let step = TrainingStep(configuration, pairs: Self.pairs, recipe: recipe, in: world)
    let parameters = step.towers.parameters
    parameters.initialize(seed: 5)
    var trained = Trained(bytes: parameters.byteCount, isPassing: parameters.passesUnits)
    for number in 1...Self.steps {
      let first = (number * world.size + world.rank) * Self.pairs
      let batches = [MicroBatch.drawn(first..<first + Self.pairs, seed: 2)]
      try step.embed(batches)
      let contrast = try step.contrast()
      try step.backward(batches, from: contrast, step: number, learningRate: 1e-3)
      trained.norms.append(try step.reduce())
      try step.optimize(norm: trained.norms[number - 1])
      trained.losses.append(contrast.loss)
    }
    trained.values = parameters.stretches.flatMap { parameters.values(of: $0.kept).values }
    trained.moments = step.moments.first.values + step.moments.second.values
    return trained
  }
}
