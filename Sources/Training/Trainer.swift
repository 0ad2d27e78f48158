public import Captions
public import Checkpoints
public import Collectives
import Files
import Foundation
import Images
public import Shards
import Tensors
public import Towers

/// Trains a CLIP model together with all other ranks. Read ``run()`` first.
public final class Trainer {
  private let recipe: Recipe
  private let world: any Communicator
  private let towers: TwoTowers
  private let step: TrainingStep
  private let plan: BatchPlan
  private let samples: SampleStream
  private let directory: RunDirectory
  private let validate: Validation?
  private var state: TrainingState
  private var lastSave = ContinuousClock.now

  /// Looks at the validation data on all ranks, and returns named results on the first.
  public typealias Validation = (TwoTowers) throws -> [String: Double]

  /// Prepares a run, or finds where it stands. Every rank calls it with the same arguments.
  ///
  /// - Parameters:
  ///   - recipe: what to compute.
  ///   - data: the samples.
  ///   - tokenizer: of the recipe's vocabulary.
  ///   - directory: where the run goes.
  ///   - initialWeights: where a new run starts from, instead of drawing weights.
  ///   - world: all ranks.
  ///   - validate: called when the recipe says so and after the last step.
  public init(
    _ recipe: Recipe, data: ShardCollection, tokenizer: Tokenizer, into directory: String, initialWeights: Weights?,
    in world: any Communicator, validate: Validation?
  ) throws {
    self.recipe = recipe
    self.world = world
    self.validate = validate
    let model = try recipe.model.configuration
    try Preflight.check(recipe, model, tokenizer, data, initialWeights, in: world)

    plan = BatchPlan(
      shardSizes: data.shardSizes, samples: data.count, seed: UInt64(recipe.seed), globalBatch: recipe.globalBatch,
      microBatch: recipe.microBatch, rank: world.rank, ranks: world.size)
    let run = try RunDirectory(
      directory, recipe: recipe, vocabulary: tokenizer.vocabulary, dataset: data.digest, in: world)
    try world.barrier()
    step = TrainingStep(model, pairs: plan.own, recipe: recipe, in: world)
    towers = step.towers
    if let found = try run.resume(towers, step.moments, in: world, warn: { Self.tell("warning: \($0)") }) {
      state = found
      if world.isFirst { Self.tell("resuming \(directory) after step \(found.step)") }
    } else {
      state = TrainingState(
        step: 0, samples: 0, epoch: 0, dataset: data.digest, vocabulary: tokenizer.vocabulary.digest,
        orderVersion: SampleOrder.version, recipe: recipe, ranks: world.size)
      if let initialWeights {
        try towers.load(initialWeights)
      } else {
        towers.parameters.initialize(seed: UInt64(recipe.seed))
      }
    }
    self.directory = run
    samples = SampleStream(
      data, plan: plan, recipe: recipe, model: model, tokenizer: tokenizer, from: state.step)
  }

  /// Steps of the whole run.
  public var steps: Int { recipe.steps > 0 ? recipe.steps : recipe.epochs * plan.stepsPerEpoch }

  /// Numbers training changes.
  public var parameterCount: Int { towers.parameters.parameters.reduce(0) { $0 + $1.count } }

  /// Takes all steps that are left.
  public func run() throws {
    guard state.step < steps else {
      if world.isFirst { Self.tell("nothing to do: \(directory.path) has finished its \(steps) steps") }
      return
    }
    let journal = world.isFirst ? try Journal(directory.path + "/journal.jsonl", after: state.step) : nil
    var progress = ProgressLine(firstStep: state.step)
    defer { progress.end() }
    var skipped = 0
    while state.step < steps {
      let batches = try step.seconds.measure(\.data) { try samples.nextBatches() }

      // 1. Embed every micro-batch, keeping only the embeddings; a single one keeps its activations as well.
      try step.embed(batches)

      // 2. The loss sees the embeddings of the whole world.
      let contrast = try step.contrast()
      guard contrast.loss.isFinite else { throw nonFinite("loss", contrast.loss) }

      // 3. Embed each micro-batch again, and go backward from the gradient of its embeddings.
      try step.backward(batches, from: contrast)

      // 4. One sum over the world, one step of the optimizer.
      let norm = try step.reduce()
      guard norm.isFinite else { throw nonFinite("gradient", norm) }
      let learningRate = recipe.optimizer.learningRate * recipe.schedule.factor(at: state.step, of: steps)
      try step.optimize(state.step + 1, learningRate: learningRate, norm: norm)

      state.step += 1
      state.samples += recipe.globalBatch
      state.epoch = state.step / plan.stepsPerEpoch
      let agreed = try agree()
      var entry = entry(contrast, learningRate: learningRate, norm: norm, step.seconds, agreed)
      if let validate, state.step == steps || isDue(every: recipe.evaluation.everySteps) {
        entry.validation = try validate(towers)
      }
      // The journal first: whatever happens now, no step of a checkpoint is missing from it.
      try journal?.append(entry, durably: agreed.save)
      if world.isFirst { progress.show(entry, of: steps) }
      skipped = agreed.skipped
      step.seconds = PhaseTimes()
      if agreed.save { try step.seconds.measure(\.checkpoint) { try save() } }
    }
    if world.isFirst, skipped > 0 {
      Self.tell("warning: \(skipped) pictures could not be decoded; the samples behind them stood in for them")
    }
  }

  // MARK: - Around a step

  private func isDue(every period: Int) -> Bool { period > 0 && state.step % period == 0 }

  /// What all ranks must agree on after a step.
  private struct Agreement {
    let save: Bool
    let peakMemory: Int
    let skipped: Int
  }

  private func agree() throws -> Agreement {
    let policy = recipe.checkpoint
    let seconds = lastSave.duration(to: .now) / .seconds(1)
    // Clocks differ between ranks; the first one's counts.
    let isLate = world.isFirst && policy.everySeconds > 0 && seconds >= Double(policy.everySeconds)
    var words: [Float] = [isLate ? 1 : 0, Float(Memory.peakResidentBytes >> 20)]
    try words.withUnsafeMutableBufferPointer { try world.maximum($0) }
    return Agreement(
      save: words[0] > 0 || state.step == steps || isDue(every: policy.everySteps),
      peakMemory: Int(words[1]) << 20, skipped: Int(try world.sum(Double(samples.skipped))))
  }

  private func save() throws {
    let parameters = towers.parameters
    let size = try world.sum(parameters.stretches.reduce(0) { $0 + sumOfSquares(parameters.values(of: $1.kept)) })
    guard size.isFinite else { throw nonFinite("size of the weights", size, after: state.step) }
    // Ranks whose weights have drifted apart would train on, each another model. What ranks share is there only once.
    let digest = RunningDigest()
    for stretch in parameters.stretches where !stretch.isShared {
      parameters.values(of: stretch.elements).withFloats { digest.append(UnsafeRawBufferPointer($0)) }
    }
    let own = digest.digest.value
    let first = UInt64(bitPattern: Int64(try world.broadcast(Int(Int64(bitPattern: own)))))
    guard first == own else {
      throw TrainingError(
        "step \(state.step): the weights of rank \(world.rank) differ from the first rank's: "
          + "do all nodes run the same program on the same kind of processor?")
    }
    try directory.save(towers, step.moments, state, in: world)
    try world.barrier()
    lastSave = .now
  }

  private func entry(
    _ contrast: Contrast, learningRate: Float, norm: Double, _ seconds: PhaseTimes, _ agreed: Agreement
  ) -> Journal.Entry {
    Journal.Entry(
      step: state.step, samples: state.samples, epoch: Double(state.step) / Double(plan.stepsPerEpoch),
      loss: contrast.loss, learningRate: learningRate, logitScale: exp(towers.logitScale.values.scalar),
      gradientNorm: norm, imageAccuracy: contrast.imageAccuracy, textAccuracy: contrast.textAccuracy,
      samplesPerSecond: Double(recipe.globalBatch) / seconds.total, seconds: seconds,
      peakMemoryBytes: agreed.peakMemory, skippedPictures: agreed.skipped)
  }

  private func nonFinite(_ what: String, _ value: Double, after step: Int? = nil) -> TrainingError {
    // Loss, summed gradient and weights are the same numbers on every rank, so all of them stop here.
    TrainingError(
      "step \(step ?? state.step + 1): the \(what) is \(value.isNaN ? "not a number" : "infinite"); take a smaller "
        + "optimizer.learningRate, a longer schedule.warmupSteps or an optimizer.gradientClip. Checkpoints stay as they "
        + "were.")
  }

  private static func tell(_ line: String) {
    StandardError.write(line + "\n")
  }
}
