import ArgumentParser
import Benchmarks
import Captions
import Shards
import Training

/// Measures reading a dataset.
struct DataBenchmarkCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "data", abstract: "Measure how fast one core reads a dataset as training does, and what takes time.",
    discussion: "Example: clip benchmark data --data my-shards --recipe ViT-B-32")

  @Option(parsing: .upToNextOption, help: ArgumentHelp("Datasets, taken together as one.", valueName: "dir"))
  var data: [String]

  @Option(parsing: .unconditional, help: ArgumentHelp("Samples each rank reads.", valueName: "n"))
  var samples = 2000

  @OptionGroup var recipe: BenchmarkRecipeOption
  @OptionGroup var options: BenchmarkOptions

  func validate() throws {
    guard !data.isEmpty else { throw ValidationError("--data: name at least one dataset") }
    guard samples >= 1 else { throw ValidationError("--samples: expected at least 1") }
  }

  func run() throws {
    try options.run { world in
      let recipe = try recipe.recipe(else: "ViT-B-32").recipe
      let tokenizer = Tokenizer(try Vocabulary.named(recipe.vocabulary))
      return try DataBenchmark(try ShardCollection(data), recipe, tokenizer, samples: samples).run(in: world)
    }
  }
}
