import ArgumentParser
import Benchmarks

/// Measures what the ranks do together.
struct CollectivesBenchmarkCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "collectives", abstract: "Measure sum, gather and sum-scatter over all ranks, 4 KiB to 64 MiB.",
    discussion: "Example: mpirun -n 2 clip benchmark collectives --recipe ViT-B-32")

  @OptionGroup var recipe: BenchmarkRecipeOption
  @OptionGroup var options: BenchmarkOptions

  func run() throws {
    try options.run { world in
      let (recipe, name) = try recipe.recipe(else: "ViT-B-32")
      return try CollectivesBenchmark(recipe, named: name).run(in: world)
    }
  }
}
