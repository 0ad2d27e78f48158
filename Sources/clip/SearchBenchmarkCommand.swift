import ArgumentParser
import Benchmarks
import Collectives

/// Measures the search through an index.
struct SearchBenchmarkCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "search",
    abstract: "Measure how fast an index is looked through, of random embeddings.",
    discussion: """
      It writes the index, of four bytes a number, and removes it.

      Example: clip benchmark search --samples 1000000 --dimension 512
      """)

  @Option(parsing: .unconditional, help: ArgumentHelp("Pictures of the index.", valueName: "n"))
  var samples = 1_000_000

  @Option(parsing: .unconditional, help: ArgumentHelp("Numbers of an embedding.", valueName: "n"))
  var dimension = 512

  @Option(parsing: .unconditional, help: ArgumentHelp("Queries that are answered together.", valueName: "n"))
  var queries = 8

  @Option(parsing: .unconditional, help: ArgumentHelp("Pictures that each finds.", valueName: "k"))
  var top = 10

  @Option(parsing: .unconditional, help: ArgumentHelp("How often to search.", valueName: "n"))
  var repeats = 3

  @Option(help: ArgumentHelp("Where to write the index; it is removed.", valueName: "dir"))
  var into = "."

  @OptionGroup var options: BenchmarkOptions

  func validate() throws {
    for (name, value) in [
      ("samples", samples), ("dimension", dimension), ("queries", queries), ("top", top), ("repeats", repeats),
    ] where value < 1 {
      throw ValidationError("--\(name): expected at least 1")
    }
  }

  func run() throws {
    let benchmark = SearchBenchmark(
      samples: samples, dimension: dimension, queries: queries, top: top, repeats: repeats, into: into)
    // One process searches; others of its world would only be in the way.
    try options.run { world in try world.isFirst ? benchmark.run() : nil }
  }
}
