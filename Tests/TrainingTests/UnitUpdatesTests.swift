import Checkpoints
import Collectives
import Tensors
import Testing
import Towers
import Training

/// Blocks that are updated as soon as the way back has left them, on one rank. `WorldCheck` has several.
@Suite struct UnitUpdatesTests {
  private func recipe(_ model: ModelConfiguration, _ precision: Precision = .fp32) -> Recipe {
    var recipe = Recipe(model: .custom(model))
    recipe.precision = precision
    return recipe
  }

  /// What some steps leave: weights, both moments and the norms of the gradients.
  private struct Left: Equatable {
    let values: [Float]
    let first: [Float]
    let second: [Float]
    let norms: [Double]
  }

  private func load(_ golden: GoldenCase, into parameters: ParameterStore) throws {
    for parameter in parameters.parameters {
      let values = try golden.weights.tensor(parameter.name).values()
      parameters.set(parameter) { _ = $0.update(fromContentsOf: values) }
    }
  }

  /// Steps of the training step.
  private func passing(_ golden: GoldenCase, _ recipe: Recipe) throws -> Left {
    let step = TrainingStep(golden.configuration, pairs: golden.batchSize, recipe: recipe, in: SoloCommunicator())
    let parameters = step.towers.parameters
    #expect(parameters.passesUnits)
    try load(golden, into: parameters)
    let batches = [golden.batch(0..<golden.batchSize)]
    let norms = try (1...3).map { number in
      try step.embed(batches)
      try step.backward(batches, from: step.contrast(), step: number, learningRate: 1e-3)
      let norm = try step.reduce()
      try step.optimize(norm: norm)
      return norm
    }
    return Left(
      values: parameters.values.values, first: step.moments.first.values, second: step.moments.second.values,
      norms: norms)
  }

  /// The same steps, put together of their parts, with all gradients there before any weight changes.
  private func whole(_ golden: GoldenCase, _ recipe: Recipe, _ training: TowerTraining) throws -> Left {
    let towers = try golden.towers(recipe.precision, training)
    let parameters = towers.parameters
    let exchange = SliceExchange(recipe.reduction, in: SoloCommunicator())
    let reduction = Reduction(of: parameters, recipe.shard, by: exchange)
    let optimizer = Optimizer(recipe.optimizer, reduction.makeMoments())
    let norms = try (1...3).map { number in
      _ = try golden.step(towers, microBatch: golden.batchSize)
      let before = parameters.values.values
      let norm = try reduction.sumGradients()
      #expect(parameters.values.values == before)
      optimizer.step(number, towers, learningRate: 1e-3, norm: norm)
      return norm
    }
    return Left(
      values: parameters.values.values, first: optimizer.moments.first.values,
      second: optimizer.moments.second.values, norms: norms)
  }

  @Test(arguments: GoldenTests.names + ["residual"], [Precision.fp32, .bf16]) func noBitDiffers(
    name: String, precision: Precision
  ) throws {
    let golden = try GoldenCase(name)
    var recipe = recipe(golden.configuration, precision)
    for recomputes in [false, true] {
      recipe.activationCheckpointing = recomputes
      var training = TowerTraining()
      training.recomputesBlocks = recomputes
      #expect(try passing(golden, recipe) == whole(golden, recipe, training))
    }
  }

  /// Unlocked groups from both ends of what can be locked.
  @Test(arguments: [(0, 1), (1, 0), (2, 2), (3, 4)]) func noBitDiffersWhereGroupsAreLocked(image: Int, text: Int) throws
  {
    let golden = try GoldenCase("quick-gelu")
    var recipe = recipe(golden.configuration)
    (recipe.lock.image, recipe.lock.imageUnlockedGroups) = (true, image)
    (recipe.lock.text, recipe.lock.textUnlockedGroups) = (true, text)
    var training = TowerTraining()
    training.lockedImageGroups = golden.configuration.vision.groups - image
    training.lockedTextGroups = golden.configuration.text.groups - text
    #expect(try passing(golden, recipe) == whole(golden, recipe, training))
  }

  @Test(arguments: [
    ["optimizer.gradientClip=1"], ["microBatch=5"], ["reduction.order=canonical"], [],
  ]) func whoNeedsTheWholeGradientHasIt(changes: [String]) throws {
    let golden = try GoldenCase("quick-gelu")
    let recipe = try recipe(golden.configuration).setting(changes)
    let step = TrainingStep(golden.configuration, pairs: 6, recipe: recipe, in: SoloCommunicator())
    #expect(step.towers.parameters.passesUnits == changes.isEmpty)
  }

  /// Values of everything, and gradients of what lies between units and of the largest unit.
  @Test func gradientsOfUnitsAreNotReserved() throws {
    let model = try GoldenCase("quick-gelu").configuration
    let step = TrainingStep(model, pairs: 6, recipe: recipe(model), in: SoloCommunicator())
    var units: [String: Int] = [:], between = 0, all = 0
    for (name, shape) in TwoTowers.parameterShapes(of: model) {
      let count = (shape.reduce(1, *) + 15) / 16 * 16
      all += count
      if let range = name.firstRange(of: /^.*resblocks\.\d+|token_embedding/) {
        units[String(name[range]), default: 0] += count
      } else {
        between += count
      }
    }
    #expect(units.count == model.vision.layers + model.text.layers + 1)
    let largest = try #require(units.values.max())
    let parameters = step.towers.parameters
    #expect(parameters.byteCount == 4 * (all + between + largest))
    #expect(between + largest < all / 2)
    // The moments are all there.
    #expect(step.moments.byteCount == 8 * all)
  }

  @Test func aGradientThatIsGoneIsNoSilentError() async {
    await #expect(processExitsWith: .failure) {
      let model = try GoldenCase("quick-gelu").configuration
      let step = TrainingStep(model, pairs: 6, recipe: Recipe(model: .custom(model)), in: SoloCommunicator())
      let parameter = try #require(step.towers.parameters.parameters.first { $0.name.contains("resblocks.0") })
      _ = parameter.gradient
    }
  }

  @Test func severalMicroBatchesOfARecipeWithOneAreNoSilentError() async {
    await #expect(processExitsWith: .failure) {
      let golden = try GoldenCase("quick-gelu")
      let recipe = Recipe(model: .custom(golden.configuration))
      let step = TrainingStep(golden.configuration, pairs: 6, recipe: recipe, in: SoloCommunicator())
      try step.embed([golden.batch(0..<3), golden.batch(3..<6)])
      try step.backward(
        [golden.batch(0..<3), golden.batch(3..<6)], from: step.contrast(), step: 1, learningRate: 1e-3)
    }
  }

  // MARK: - What is no number

  /// The first unit with such a gradient is left alone, and so is every unit after it; the norm tells.
  @Test(arguments: [Float.nan, .infinity]) func nothingIsUpdatedFromTheFirstUnitThatIsNotFinite(bad: Float) throws {
    let model = try GoldenCase("quick-gelu").configuration
    let towers = TwoTowers(model, precision: .fp32, forTraining: true, passingUnits: true)
    let parameters = towers.parameters
    parameters.initialize(seed: 1)
    let exchange = SliceExchange(Recipe.paper.reduction, in: SoloCommunicator())
    let reduction = Reduction(of: parameters, .none, by: exchange)
    let optimizer = Optimizer(Recipe.paper.optimizer, reduction.makeMoments())
    let units = parameters.stretches.filter(\.isUnit).map(\.elements)
    #expect(units.count > 3)
    for (step, last) in [(1, 1), (2, units.count)] {
      let before = units.map { parameters.values(of: $0).values }
      let updates = UnitUpdates(of: parameters, reduction, optimizer, step: step, learningRate: 1e-3)
      parameters.beginGradients()
      for (index, unit) in units.enumerated() {
        var gradient = [Float](repeating: 1e-2, count: unit.count)
        if index == last { gradient[unit.count / 2] = bad }
        try updates.receive(Tensor(gradient, columns: unit.count), of: unit)
      }
      for (index, unit) in units.enumerated() {
        #expect((parameters.values(of: unit).values != before[index]) == (index < last), "unit \(index)")
      }
      // The second time all gradients are numbers: what was wrong is not remembered.
      #expect(try reduction.sumGradients().isFinite == (last == units.count))
    }
    #expect((parameters.values.values + optimizer.moments.second.values).allSatisfy { $0.isFinite })
  }

  // MARK: - The table of tokens

  /// Of several parts, of which captions touch the first and last rows, some twice and some not at all.
  @Test func aLargeTableIsUpdatedInParts() throws {
    let model = ModelConfiguration(
      embedDim: 16, vision: VisionConfiguration(imageSize: 16, patchSize: 8, layers: 1, width: 32, headWidth: 16),
      text: TextConfiguration(contextLength: 8, vocabularySize: 100_003, width: 96, heads: 2, layers: 1))
    // A part has so many rows that they are a multiple of 16, and no more than 2²² numbers.
    let rows = (1 << 22) / 96 / 16 * 16
    let last = Int32(rows - 1), next = Int32(rows)
    let captions: [[Int32]] = [[0, last, 100_002], [next, next, 7, 100_002], [0, 2 * next, 100_001, 100_002]]
    let batch = MicroBatch(
      pictures: PackedPictures(
        pixels: (0..<3 * 16 * 16 * 3).map { UInt8(truncatingIfNeeded: $0 &* 7919) }, count: 3, mean: [0.5, 0.5, 0.5],
        deviation: [0.25, 0.25, 0.25]),
      captions: PackedCaptions(captions))
    var found: [[Float]] = []
    for clip in [0, 1e30] as [Float] {
      var recipe = recipe(model)
      recipe.optimizer.gradientClip = clip
      let step = TrainingStep(model, pairs: 3, recipe: recipe, in: SoloCommunicator())
      let parameters = step.towers.parameters
      #expect(parameters.passesUnits == (clip == 0))
      parameters.initialize(seed: 4)
      let table = try #require(parameters.parameters.first { $0.name == "token_embedding.weight" })
      let parts = parameters.stretches.filter { $0.elements.overlaps(table.elements) }
      #expect(parts.count == 3 && parts.allSatisfy { $0.isUnit && !$0.isShared })
      try step.embed([batch])
      try step.backward([batch], from: step.contrast(), step: 1, learningRate: 1e-3)
      if clip > 0 {
        let gradient = table.gradient.values
        let touched = Set(gradient.indices.filter { gradient[$0] != 0 }.map { Int32($0 / 96) })
        #expect(touched == Set(captions.joined()))
      }
      try step.optimize(norm: try step.reduce())
      found.append(parameters.values.values + step.moments.first.values + step.moments.second.values)
    }
    #expect(found[0] == found[1])
  }
}
