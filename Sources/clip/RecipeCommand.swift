import ArgumentParser
import Training

/// What is done with recipes.
struct RecipeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "recipe", abstract: "List recipes, or print one to edit.",
    discussion: "Example: clip recipe show ViT-B-32 > my-recipe.json", subcommands: [List.self, Show.self])

  /// Lists the recipes the program brings along.
  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "List the recipes the program brings along.", discussion: "Example: clip recipe list")

    @OptionGroup var output: Output

    func run() throws {
      try output.show(Recipes.names) {
        let width = Recipes.names.map(\.count).max() ?? 0
        return Recipes.names
          .map { $0 + String(repeating: " ", count: width + 2 - $0.count) + Recipes.summary(of: $0) }
          .joined(separator: "\n")
      }
    }
  }

  /// Prints a recipe as JSON.
  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Print a recipe as JSON, ready to edit.",
      discussion: "Example: clip recipe show ViT-B-32 > my-recipe.json")

    @Argument(help: "A name of `clip recipe list`, or a file.")
    var name: String

    @Option(
      help: ArgumentHelp("Change a field, as in optimizer.learningRate=1e-3; may repeat.", valueName: "key=value"))
    var set: [String] = []

    @Flag(help: "Accepted for uniformity: recipes are JSON always.")
    var json = false

    func run() throws {
      print(try RecipeOption.recipe(name, set).json, terminator: "")
    }
  }
}
