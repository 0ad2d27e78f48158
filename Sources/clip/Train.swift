import ArgumentParser
import Captions
import Checkpoints
import Collectives
import Evaluation
import Files
import Foundation
import Glibc
import Shards
import Tensors
import Towers
import Training

/// Trains a model together with all other ranks.
struct Train: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Train a model, alone or with all ranks that mpirun started.",
    discussion: """
      The run gets recipe.json, journal.jsonl (one object a step), the same as TensorBoard's event file, and checkpoints;
      the same command again resumes it.
      SIGUSR1, to mpirun or to any rank, ends it after a checkpoint with exit code 143.

      Example:
        mpirun -n 2 clip train --recipe tiny --data my-shards --into checkpoints/my-run
      With two datasets, each sample of the first twice an epoch, of the second every other:
        clip train --recipe tiny --data small large --data-weights 2,0.5 --into run
      The paper's last epoch, at 336 pixels, from a run at 224:
        mpirun -n 64 clip train --recipe ViT-L-14-336 --initial-weights run-224 --data my-shards --into run-336
      """)

  @OptionGroup var recipe: RecipeOption

  @Option(parsing: .upToNextOption, help: ArgumentHelp("Datasets, taken together as one.", valueName: "dir"))
  var data: [String]

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "How often samples of each dataset come in an epoch, as in 2,0.5: twice, and half of them each time. Without it, "
        + "each once, all datasets shuffled together.", valueName: "w,…"),
    transform: { try DatasetWeights($0) })
  var dataWeights: DatasetWeights?

  @Option(help: ArgumentHelp("The run's directory.", valueName: "run"))
  var into: String

  @Option(help: ArgumentHelp("A dataset to measure retrieval on, as the recipe's evaluation says.", valueName: "dir"))
  var validation: String?

  @Option(
    help: ArgumentHelp(
      "Weights to start a new run from; anything --weights takes elsewhere. Where the model's pictures or texts have "
        + "another size, position tables are interpolated.", valueName: "path"))
  var initialWeights: String?

  @Option(
    help: ArgumentHelp(
      "A field of the recipe, or `data` (and its weights), that may differ from what the run was started with; may "
        + "repeat.",
      valueName: "field"))
  var allowChange: [String] = []

  @Option(
    help: ArgumentHelp(
      "Seconds in which something must happen (or ten times the last step); else all ranks end with exit code 86, and "
        + "the one they waited for is named.", valueName: "seconds"))
  var patience = 120.0

  @Option(
    help: ArgumentHelp(
      "A directory for a log of each rank: what it tells, and its own times in every step.", valueName: "dir"))
  var logDir: String?

  @OptionGroup var threads: ThreadOption

  func validate() throws {
    guard patience > 0 else { throw ValidationError("--patience: expected more than 0 seconds") }
    guard !data.isEmpty else { throw ValidationError("--data: name at least one dataset") }
    if let dataWeights, dataWeights.count != data.count {
      throw ValidationError(
        "--data-weights: found \(counted(dataWeights.count, "weight")), expected one for each of the "
          + counted(data.count, "dataset") + " of --data")
    }
    do {
      for field in allowChange { try Recipe.checkField(field, allowing: ["data"]) }
    } catch let error as RecipeError {
      throw ValidationError("--allow-change: \(error)")
    }
  }

  func run() throws {
    StopSignal.listen()
    threads.apply()
    var ending = Trainer.Ending.finished
    try World.run { world in
      try logDir.map { try openLog(in: $0, of: world.rank) }
      ending = try train(recipe.recipe(), in: world)
    } onError: { error, world in
      Failure.report(error, of: world)
    }
    if ending == .stopped { throw ExitCode(Self.stopped) }
  }

  private func openLog(in directory: String, of rank: Int) throws {
    try Directory.create(directory)
    try RankLog.open("\(directory)/rank-" + String(String(10_000 + rank).dropFirst()) + ".log")
    RankLog.write("rank \(rank) is process \(getpid()) on \(ProcessInfo.processInfo.hostName)")
  }

  /// Above 127, so that what restarts jobs after a signal restarts this one.
  private static let stopped: Int32 = 143

  private func train(_ recipe: Recipe, in world: any Communicator) throws -> Trainer.Ending {
    let tokenizer = Tokenizer(try Vocabulary.named(recipe.vocabulary))
    let samples = try ShardCollection(data, weights: dataWeights)
    let validate = try validation.map { try Validator($0, recipe, tokenizer, threads: threads.count, in: world) }
    let weights = try initialWeights.map { try Weights.open($0) }
    if world.isFirst { weights?.warnings.forEach { Failure.tell("warning: \($0)") } }
    let trainer = try Trainer(
      recipe, data: samples, tokenizer: tokenizer, into: into, initialWeights: weights, allowing: allowChange,
      patience: patience, in: world,
      validate: validate?.callAsFunction)
    if world.isFirst { greet(recipe, samples, trainer, world) }
    return try trainer.run()
  }

  private func greet(_ recipe: Recipe, _ samples: ShardCollection, _ trainer: Trainer, _ world: any Communicator) {
    let weights = samples.weights.map { " (weights \($0))" } ?? ""
    Failure.tell(
      "\(samples.count) samples\(weights) · \(trainer.parameterCount) parameters · batch \(recipe.globalBatch) · "
        + "\(trainer.steps) steps · \(counted(world.size, "rank")) × \(counted(threads.count, "thread")) · "
        + "\(recipe.precision.rawValue) (\(recipe.precision.unit.name))")
    if let perEpoch = samples.weightedOrder(seed: 0)?.samplesPerEpoch {
      if perEpoch < recipe.globalBatch {
        Failure.tell(
          "warning: the \(perEpoch) samples of an epoch do not fill a batch of \(recipe.globalBatch); each batch is "
            + "counted as an epoch")
      }
    } else if samples.count < recipe.globalBatch {
      Failure.tell(
        "warning: \(samples.count) samples do not fill a batch of \(recipe.globalBatch); they repeat within it")
    }
    if recipe.precision.unit == .widening, let slow = Processor.slowCore(openBLASCoreName()) {
      Failure.tell("warning: \(slow)")
    }
  }
}
