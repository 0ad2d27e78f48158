import ArgumentParser
import Benchmarks
import Collectives

/// Measures the ranking of retrieval.
struct RetrievalBenchmarkCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "retrieval",
    abstract: "Measure how fast pictures and captions are ranked by each other, on random embeddings.",
    discussion: "Example: mpirun -n 2 clip benchmark retrieval --samples 100000 --dimension 512")

  @Option(
    parsing: .unconditional, help: ArgumentHelp("Pictures, and as many captions, of all ranks.", valueName: "n"))
  var samples = 100_000

  @Option(parsing: .unconditional, help: ArgumentHelp("Numbers of an embedding.", valueName: "n"))
  var dimension = 512

  @Option(parsing: .unconditional, help: ArgumentHelp("How often to rank them.", valueName: "n"))
  var repeats = 1

  @OptionGroup var options: BenchmarkOptions

  func validate() throws {
    for (name, value) in [("samples", samples), ("dimension", dimension), ("repeats", repeats)] where value < 1 {
      throw ValidationError("--\(name): expected at least 1")
    }
  }

  func run() throws {
    try options.run { world in
      try RetrievalBenchmark(samples: samples, dimension: dimension, repeats: repeats).run(in: world)
    }
  }
}
