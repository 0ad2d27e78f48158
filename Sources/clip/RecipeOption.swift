import ArgumentParser
import Files
import Training

/// A recipe on the command line: a name or a file, with changes.
struct RecipeOption: ParsableArguments {
  @Option(
    name: .customLong("recipe"),
    help: ArgumentHelp("A name of `clip recipe list`, or a JSON file.", valueName: "name|file"))
  var name: String

  @Option(
    help: ArgumentHelp("Change a field, as in optimizer.learningRate=1e-3; may repeat.", valueName: "key=value"))
  var set: [String] = []

  /// The recipe with its changes.
  func recipe() throws -> Recipe { try Self.recipe(name, set) }

  /// A recipe by name or file, with changes.
  static func recipe(_ name: String, _ changes: [String]) throws -> Recipe {
    let recipe: Recipe
    if let named = Recipes.named(name) {
      recipe = named
    } else if Directory.exists(name) {
      recipe = try Recipe(json: FileReader.contents(of: name), over: .paper, source: name)
    } else {
      throw ValidationError(
        "\"\(name)\" is neither a file nor a known recipe; known: \(Recipes.names.joined(separator: ", ")); "
          + "the paper's also with -quickgelu behind, for OpenAI's activation")
    }
    return try recipe.setting(changes)
  }
}
