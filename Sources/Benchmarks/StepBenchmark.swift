public import Collectives
import Foundation
import Tensors
import Towers
public import Training

/// How fast training steps are, on synthetic pairs: the trainer's own code, without reading data.
public struct StepBenchmark: Sendable {
  private let recipe: Recipe
  private let name: String
  private let batch: Int
  private let lengths: CaptionLengths
  private let steps: Int

  /// - Parameters:
  ///   - recipe: the model, its precision, the size of micro-batches, the optimizer.
  ///   - name: of the recipe, for models that have none.
  ///   - batch: pairs of one rank.
  ///   - captions: how long captions are.
  ///   - steps: how many are timed, after one that is not.
  public init(_ recipe: Recipe, named name: String, batch: Int, captions lengths: CaptionLengths, steps: Int) {
    self.recipe = recipe
    self.name = name
    self.batch = batch
    self.lengths = lengths
    self.steps = steps
  }

  /// Takes the steps on all ranks.
  ///
  /// - Throws: ``BenchmarkError`` where the numbers become infinite, ``Training/RecipeError`` where so many ranks cannot
  ///   add in canonical order.
  public func run(in world: any Communicator) throws -> StepReport {
    let model = try recipe.model.configuration
    try recipe.checkTraining(of: model)
    let pairs = SyntheticPairs(model, captions: lengths, PatchDropout(model.vision, recipe))
    let own = world.rank * batch..<(world.rank + 1) * batch
    let microBatch = min(recipe.microBatch, batch)
    var fitted = recipe
    (fitted.globalBatch, fitted.microBatch) = (batch * world.size, microBatch)
    try fitted.checkOrder(ranks: world.size)
    let batches = pairs.batches(own, microBatch: microBatch)
    let step = TrainingStep(model, pairs: batch, recipe: fitted, in: world)
    let parameters = step.towers.parameters
    parameters.initialize(seed: UInt64(recipe.seed))

    _ = try take(0, step, batches, in: world)
    // Nothing a later step needs is new. The large products must not count, so they come after.
    let peakMemory = try world.peakMemory()
    let products = GEMMBenchmark(precision: recipe.precision)
    let peakBefore = try products.peak(in: world)
    var taken: [Taken] = []
    for number in 1...steps { taken.append(try take(number, step, batches, in: world)) }
    let peakAfter = try products.peak(in: world)

    let captions = pairs.captionLengths(own)
    let operations = StepOperations.count(model, recipe, captionLengths: captions, globalBatch: batch * world.size)
    let tokens = try world.sum(Double(captions.reduce(0, +)))
    taken.sort { $0.seconds < $1.seconds }
    return StepReport(
      model: modelName, recipe: name, precision: recipe.precision.rawValue,
      parameters: parameters.parameters.reduce(0) { $0 + $1.count }, batch: batch,
      globalBatch: batch * world.size, microBatch: microBatch,
      captionTokensMean: tokens / Double(batch * world.size), steps: steps, median: taken[steps / 2], best: taken[0],
      usefulOperations: try world.sum(Double(operations)),
      gemmGflops: max(peakBefore.gflops, peakAfter.gflops),
      ownGemmGflops: max(peakBefore.ownGflops, peakAfter.ownGflops), peakMemoryBytes: peakMemory)
  }

  /// A step: what it took, and its loss.
  struct Taken {
    let seconds: Double
    let phases: StepReport.Phases
    let loss: Double
  }

  private func take(_ number: Int, _ step: TrainingStep, _ batches: [MicroBatch], in world: any Communicator) throws
    -> Taken
  {
    try world.barrier()
    step.seconds = PhaseTimes()
    var loss = 0.0, norm = 0.0
    let learningRate = recipe.optimizer.learningRate * recipe.schedule.factor(at: number, of: steps + 1)
    let seconds = try Durations.seconds {
      try step.embed(batches)
      let contrast = try step.contrast()
      try step.backward(batches, from: contrast, step: number + 1, learningRate: learningRate)
      norm = try step.reduce()
      try step.optimize(norm: norm)
      loss = contrast.loss
    }
    guard loss.isFinite, norm.isFinite else {
      throw BenchmarkError("step \(number): the loss is \(loss), the norm of the gradient \(norm): nothing to measure")
    }
    return Taken(
      seconds: try world.largest(seconds), phases: try StepReport.Phases(meanOf: step.seconds, in: world), loss: loss)
  }

  /// A model of its own has its recipe's name, as long as it is the one the recipe brings along.
  private var modelName: String {
    if case .named(let name) = recipe.model { return name }
    if let original = Recipes.named(name), original.model != recipe.model { return "\(name), changed" }
    return name
  }
}
