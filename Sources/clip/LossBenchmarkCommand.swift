import ArgumentParser
import Benchmarks
import Collectives

/// Measures the global loss.
struct LossBenchmarkCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "loss", abstract: "Measure the loss of a global batch with its gradients, on random embeddings.",
    discussion: "Example: mpirun -n 2 clip benchmark loss --batch 32768 --dimension 512")

  @Option(parsing: .unconditional, help: ArgumentHelp("Pairs of all ranks together.", valueName: "n"))
  var batch = 32768

  @Option(parsing: .unconditional, help: ArgumentHelp("Numbers of an embedding.", valueName: "n"))
  var dimension = 512

  @Option(parsing: .unconditional, help: ArgumentHelp("How often to compute it.", valueName: "n"))
  var repeats = 3

  @OptionGroup var precision: PrecisionOption
  @OptionGroup var options: BenchmarkOptions

  func validate() throws {
    for (name, value) in [("batch", batch), ("dimension", dimension), ("repeats", repeats)] where value < 1 {
      throw ValidationError("--\(name): expected at least 1")
    }
  }

  func run() throws {
    try options.run { world in
      guard batch % world.size == 0 else {
        throw ValidationError("--batch: \(batch) pairs cannot be shared equally by \(world.size) ranks")
      }
      return try LossBenchmark(batch: batch, dimension: dimension, precision: precision.value, repeats: repeats)
        .run(in: world)
    }
  }
}
