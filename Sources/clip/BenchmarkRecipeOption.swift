import ArgumentParser
import Training

/// The recipe whose model a benchmark is about.
struct BenchmarkRecipeOption: ParsableArguments {
  @Option(
    name: .customLong("recipe"),
    help: ArgumentHelp("A name of `clip recipe list`, or a JSON file (default: the verb's).", valueName: "name|file"))
  var given: String?

  @Option(
    help: ArgumentHelp("Change a field, as in precision=fp32; may repeat.", valueName: "key=value"))
  var set: [String] = []

  /// The recipe with its name, or the one of `name` where none was given.
  func recipe(else name: String) throws -> (recipe: Recipe, name: String) {
    (try RecipeOption.recipe(given ?? name, set), given ?? name)
  }
}
