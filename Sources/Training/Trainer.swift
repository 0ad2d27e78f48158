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
  /// Steps of the whole run.
  public let steps: Int
  private let recipe: Recipe
  private let world: any Communicator
  private let towers: TwoTowers
  private let step: TrainingStep
  private let plan: BatchPlan
  private let data: ShardCollection
  private let samples: SampleStream
  private let directory: RunDirectory
  private let saves: BackgroundSaves
  private let validate: Validation?
  private var state: TrainingState
  private var lastSave = ContinuousClock.now
  /// What ``ControlWord`` compares of the recipe.
  private let recipeMark: Int
  private let watchdog: Watchdog

  /// Looks at the validation data on all ranks, and returns named results on the first.
  public typealias Validation = (TwoTowers) throws -> [String: Double]

  /// Prepares a run, or finds where it stands. Every rank calls it with the same arguments.
  ///
  /// - Parameters:
  ///   - recipe: what to compute.
  ///   - data: the samples.
  ///   - tokenizer: of the recipe's vocabulary.
  ///   - directory: where the run goes.
  ///   - initialWeights: where a new run starts from, instead of drawing weights; position tables of another size are
  ///     interpolated to the model's.
  ///   - changes: fields of the recipe, and `data` with its weights, that may differ from those the run was started with.
  ///   - patience: seconds in which something must happen, or all ranks end with exit code 86.
  ///   - world: all ranks.
  ///   - validate: called when the recipe says so and after the last step.
  public init(
    _ recipe: Recipe, data: ShardCollection, tokenizer: Tokenizer, into directory: String, initialWeights: Weights?,
    allowing changes: [String] = [], patience: Double, in world: any Communicator, validate: Validation?
  ) throws {
    self.recipe = recipe
    self.data = data
    self.world = world
    self.validate = validate
    recipeMark = Int(Digest(of: Array(recipe.json.utf8)).value >> 16)
    watchdog = try Watchdog(patience: patience, in: world)
    let model = try recipe.model.configuration
    let initial = initialWeights?.fittingPositions(to: model)
    try Preflight.check(recipe, model, tokenizer, data, initial?.weights, in: world)

    let seed = UInt64(recipe.seed)
    plan = BatchPlan(
      shardSizes: data.shardSizes, samples: data.count, weighted: data.weightedOrder(seed: seed), seed: seed,
      globalBatch: recipe.globalBatch, microBatch: recipe.microBatch, rank: world.rank, ranks: world.size)
    let run = try RunDirectory(
      directory, recipe: recipe, vocabulary: tokenizer.vocabulary, dataset: data.digest, weights: data.weights,
      allowing: changes, in: world)
    try world.barrier()
    step = TrainingStep(model, pairs: plan.own, recipe: recipe, in: world)
    step.whenEntering = { [watchdog] in watchdog.enter($0) }
    towers = step.towers
    let (ofEpochs, isTooMany) = recipe.epochs.multipliedReportingOverflow(by: plan.stepsPerEpoch)
    guard recipe.steps > 0 || (ofEpochs <= Recipe.mostSteps && !isTooMany) else {
      throw RecipeError(
        "epochs: \(recipe.epochs) of \(plan.stepsPerEpoch) steps each, expected at most \(Recipe.mostSteps) in all")
    }
    steps = recipe.steps > 0 ? recipe.steps : ofEpochs
    if let found = try run.resume(towers, step.moments, until: steps, in: world, warn: { Self.tell("warning: \($0)") })
    {
      state = found
      // What was allowed to change is from now on what the run has.
      (state.dataset, state.weights, state.recipe) = (data.digest, data.weights, recipe)
      if world.isFirst { Self.tell("resuming \(directory) after step \(found.step)") }
    } else {
      state = TrainingState(
        step: 0, samples: 0, epoch: 0, dataset: data.digest, weights: data.weights,
        vocabulary: tokenizer.vocabulary.digest, orderVersion: SampleOrder.version, recipe: recipe, ranks: world.size)
      if let initial {
        try towers.load(initial.weights)
        if world.isFirst { initial.changes.forEach(Self.tell) }
      } else {
        towers.parameters.initialize(seed: seed)
        if world.isFirst, let warning = recipe.lock.warning(isDrawn: true) { Self.tell("warning: \(warning)") }
      }
      if world.isFirst, let warning = recipe.lock.warning(isDrawn: false) { Self.tell("warning: \(warning)") }
    }
    self.directory = run
    saves = run.saves(of: towers.parameters, step.moments, in: world)
    // Values and both moments, in single precision.
    if world.isFirst, let lack = try run.lackOfSpace(for: 12 * towers.parameters.count) {
      Self.tell("warning: \(lack)")
    }
    samples = SampleStream(
      data, plan: plan, recipe: recipe, model: model, tokenizer: tokenizer, from: state.step)
  }

  /// Numbers training changes.
  public var parameterCount: Int {
    towers.parameters.parameters.reduce(0) { $0 + ($1.isStatistic || $1.isLocked ? 0 : $1.count) }
  }

  /// How a run ended.
  public enum Ending: Sendable {
    /// All steps are done.
    case finished
    /// A signal asked to stop; the same command goes on from the checkpoint that was written.
    case stopped
  }

  /// Takes all steps that are left, or as many as there are until ``StopSignal`` comes.
  public func run() throws -> Ending {
    guard state.step < steps else {
      if world.isFirst { Self.tell("nothing to do: \(directory.path) has finished its \(steps) steps") }
      return .finished
    }
    defer { watchdog.end() }
    let start = try RunStart(after: state.step, of: steps, on: data, parameters: parameterCount, in: world)
    let journalPath = directory.path + "/journal.jsonl"
    let journal = world.isFirst ? try Journal(journalPath, after: state.step) : nil
    let events = world.isFirst ? EventFile(in: directory.path, following: journalPath) : nil
    if world.isFirst { try start.write(into: directory.path) }
    var progress = ProgressLine(firstStep: state.step)
    defer { progress.end() }
    var skipped = 0, isAskedToStop = false
    var stragglers = Stragglers(ranks: world.size)
    while state.step < steps, !isAskedToStop {
      watchdog.enter(.data, step: state.step + 1)
      let batches = try step.seconds.measure(\.data) { try samples.nextBatches { watchdog.enter(.data) } }

      // 1. Embed every micro-batch, keeping only the embeddings; a single one keeps its activations as well.
      try step.embed(batches)

      // 2. The loss sees the embeddings of the whole world.
      let contrast = try step.contrast()
      guard contrast.loss.isFinite else { throw try nonFinite("loss", contrast.loss) }

      // 3. Embed each micro-batch again, and go backward from the gradient of its embeddings. With a single one each block is
      //    summed and updated as soon as it is left.
      let learningRate = recipe.optimizer.learningRate * recipe.schedule.factor(at: state.step, of: steps)
      try step.backward(batches, from: contrast, step: state.step + 1, learningRate: learningRate)

      // 4. One sum over the world, one step of the optimizer. From here on weights may have changed: where the norm is no
      //    number the run ends, and nothing writes them.
      let norm = try step.reduce()
      guard norm.isFinite else { throw try nonFinite("gradient", norm) }
      try step.optimize(norm: norm)

      state.step += 1
      state.samples += recipe.globalBatch
      state.epoch = state.step / plan.stepsPerEpoch
      watchdog.enter(.agree)
      let agreed = try agree()
      if saves.isUnderWay, !agreed.isSaving { try tell(saves.settle(), isLast: false) }
      isAskedToStop = agreed.stops
      if let warning = try stragglers.look(step.seconds.own, in: world), world.isFirst {
        Self.tell("warning: \(warning)")
      }
      RankLog.write("step \(state.step): \(step.seconds.text)")
      var entry = entry(contrast, learningRate: learningRate, norm: norm, step.seconds, agreed)
      if let validate, state.step == steps || isDue(every: recipe.evaluation.everySteps) {
        watchdog.enter(.validate)
        entry.validation = try validate(towers)
      }
      // The journal first: whatever happens now, no step of a checkpoint is missing from it.
      let lack = try journal?.append(entry)
      if let problem = events?.follow() { Self.tell("warning: \(problem); training goes on") }
      if world.isFirst { progress.show(entry, of: steps) }
      skipped = agreed.skipped
      step.seconds = PhaseTimes()
      if agreed.saves {
        watchdog.enter(.checkpoint)
        let isLast = isAskedToStop || state.step == steps
        try step.seconds.measure(\.checkpoint) { try save(isLast: isLast, unless: lack, journal) }
      }
    }
    progress.end()
    if world.isFirst, skipped > 0 {
      Self.tell("warning: \(skipped) pictures could not be decoded; the samples behind them stood in for them")
    }
    guard state.step < steps else { return .finished }
    if world.isFirst {
      Self.tell("stopped by a signal after step \(state.step) of \(steps); the same command goes on from there")
    }
    return .stopped
  }

  // MARK: - Around a step

  private func isDue(every period: Int) -> Bool { period > 0 && state.step % period == 0 }

  /// What all ranks must agree on after a step.
  private struct Agreement {
    let stops: Bool
    let saves: Bool
    /// Whether the thread of any rank is busy with a checkpoint.
    let isSaving: Bool
    let peakMemory: Int
    let skipped: Int
    /// What reading the step's samples took, of all threads of all ranks.
    let reading: ReadingTimes
  }

  private func agree() throws -> Agreement {
    let policy = recipe.checkpoint
    let seconds = lastSave.duration(to: .now) / .seconds(1)
    // Clocks differ between ranks; the first one's counts.
    let isLate = world.isFirst && policy.everySeconds > 0 && seconds >= Double(policy.everySeconds)
    let words = try ControlWord(
      step: state.step, stops: StopSignal.isAsked, isLate: isLate, isSaving: saves.isBusy,
      peakMemory: Memory.peakResidentBytes, recipe: recipeMark
    ).exchanged(in: world)
    let (skipped, reading) = try samples.total(in: world)
    return Agreement(
      stops: words.stops,
      saves: words.stops || words.isLate || state.step == steps || isDue(every: policy.everySteps),
      isSaving: words.isSaving, peakMemory: words.peakMemory, skipped: skipped, reading: reading)
  }

  /// Begins a checkpoint, which is written while training goes on; the last one is waited for. Where the disk refuses,
  /// training goes on with the old ones and tries again when the next is due; only the last one must not fail.
  ///
  /// - Parameters:
  ///   - lack: why the first rank could not write the journal, without which a checkpoint is not to be.
  ///   - journal: on the first rank.
  private func save(isLast: Bool, unless lack: FileError?, _ journal: Journal?) throws {
    // The one before may still be on its way, where disks are slower than steps.
    try tell(saves.finish(), isLast: false)
    let parameters = towers.parameters
    let size = try world.sum(parameters.stretches.reduce(0) { $0 + sumOfSquares(parameters.values(of: $1.kept)) })
    guard size.isFinite else { throw try nonFinite("size of the weights", size, after: state.step) }
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
    lastSave = .now
    guard try world.broadcast(lack == nil ? 1 : 0) == 1 else {
      return try tell(
        BackgroundSaves.Outcome(step: state.step, isRefused: true, refusal: lack, warnings: []), isLast: isLast)
    }
    try saves.begin(state, after: journal?.sync)
    if isLast { try tell(saves.finish(), isLast: true) }
  }

  /// Says what became of a checkpoint, if it is known.
  private func tell(_ outcome: BackgroundSaves.Outcome?, isLast: Bool) throws {
    guard let outcome else { return }
    for warning in outcome.warnings { Self.tell("warning: \(warning)") }
    guard outcome.isRefused else { return }
    if isLast {
      if let refusal = outcome.refusal { throw refusal }
      // The others wait for the first rank to say what happened, and to end them.
      return try world.barrier()
    }
    if let refusal = outcome.refusal {
      Self.tell("warning: no checkpoint of step \(outcome.step): \(refusal); training goes on")
    }
  }

  private func entry(
    _ contrast: Contrast, learningRate: Float, norm: Double, _ seconds: PhaseTimes, _ agreed: Agreement
  ) -> Journal.Entry {
    Journal.Entry(
      step: state.step, time: Date.now.timeIntervalSince1970, samples: state.samples,
      epoch: Double(state.step) / Double(plan.stepsPerEpoch),
      loss: contrast.loss, learningRate: learningRate, logitScale: exp(towers.logitScale.values.scalar),
      gradientNorm: norm, imageAccuracy: contrast.imageAccuracy, textAccuracy: contrast.textAccuracy,
      samplesPerSecond: Double(recipe.globalBatch) / seconds.total, seconds: seconds,
      peakMemoryBytes: agreed.peakMemory, skippedPictures: agreed.skipped,
      readingSeconds: agreed.reading)
  }

  private func nonFinite(_ what: String, _ value: Double, after step: Int? = nil) throws -> TrainingError {
    // Loss, summed gradient and weights are the same numbers on every rank, so all of them stop here; not without the
    // checkpoint that is on its way, which is from before it went wrong.
    try tell(saves.finish(), isLast: false)
    return TrainingError(
      "step \(step ?? state.step + 1): the \(what) is \(value.isNaN ? "not a number" : "infinite"); take a smaller "
        + "optimizer.learningRate, a longer schedule.warmupSteps or an optimizer.gradientClip. Checkpoints stay as they "
        + "were.")
  }

  private static func tell(_ line: String) {
    StandardError.write(line + "\n")
  }
}
