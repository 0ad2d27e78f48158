import ArgumentParser
import Benchmarks

/// Measures writing and reading checkpoints.
struct CheckpointBenchmarkCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "checkpoint", abstract: "Measure writing, verifying and reading a checkpoint of a model's size.",
    discussion: "Example: clip benchmark checkpoint --recipe ViT-B-32 --into /shared/disk")

  @OptionGroup var recipe: BenchmarkRecipeOption

  @Option(help: ArgumentHelp("Where to write; what was written is removed.", valueName: "dir"))
  var into = "."

  @OptionGroup var options: BenchmarkOptions

  func run() throws {
    try options.run { world in
      let (recipe, name) = try recipe.recipe(else: "tiny")
      return try CheckpointBenchmark(recipe, named: name, into: into).run(in: world)
    }
  }
}
