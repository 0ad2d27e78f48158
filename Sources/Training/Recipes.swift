import Towers

/// The recipes the program brings along.
public enum Recipes {
  /// Every name, in the order to list them.
  public static let names = [
    "RN50", "RN101", "RN50x4", "RN50x16", "RN50x64", "ViT-B-32", "ViT-B-16", "ViT-L-14", "ViT-L-14-336", "emoji",
    "tiny",
  ]

  /// The recipe of a name: one of ``names``, in the paper's spelling as well (`ViT-L/14@336px`), or that of a model of the
  /// paper with OpenAI's activation, such as `ViT-B-32-quickgelu`.
  public static func named(_ name: String) -> Recipe? {
    let name = name.replacing("/", with: "-").replacing("@336px", with: "-336")
    if name.hasSuffix(NamedModels.quickSuffix) {
      guard NamedModels.configuration(of: name) != nil else { return nil }
      var recipe = named(String(name.dropLast(NamedModels.quickSuffix.count)))
      recipe?.model = .named(name)
      return recipe
    }
    switch name {
    case "RN50", "RN101", "RN50x4": return residual(name, learningRate: 5e-4)
    case "RN50x16": return residual(name, learningRate: 4e-4)
    case "RN50x64": return residual(name, learningRate: 3.6e-4)
    case "ViT-B-32", "ViT-B-16": return paper(name, learningRate: 5e-4)
    case "ViT-L-14": return paper(name, learningRate: 4e-4)
    case "ViT-L-14-336":
      // One more epoch of a trained ViT-L/14 at a higher resolution (paper, section 2.5).
      var recipe = paper(name, learningRate: 2e-5)
      recipe.epochs = 1
      return recipe
    case "emoji": return emoji
    case "tiny": return tiny
    default: return nil
    }
  }

  /// What a recipe is for, in one line.
  public static func summary(of name: String) -> String {
    switch name {
    case "emoji": "a small model that learns Debian's emoji in minutes: the quickstart"
    case "tiny": "the smallest model, which takes seconds: tests"
    case "ViT-L-14-336": "the paper's last epoch, of a trained ViT-L-14 (--initial-weights) at 336 pixels"
    default: "the paper's \(name), batch 32,768, 32 epochs"
    }
  }

  private static func paper(_ model: String, learningRate: Float) -> Recipe {
    var recipe = Recipe(model: .named(model))
    recipe.optimizer.learningRate = learningRate
    return recipe
  }

  /// Tables 18 to 20 of the paper: Adam's own settings for ResNets, others for Vision Transformers.
  private static func residual(_ model: String, learningRate: Float) -> Recipe {
    var recipe = paper(model, learningRate: learningRate)
    recipe.optimizer.beta2 = 0.999
    recipe.optimizer.epsilon = 1e-8
    return recipe
  }

  /// Small pictures, small batches, many steps: with 3,300 pictures it is steps that teach.
  private static var emoji: Recipe {
    var recipe = Recipe(
      model: .custom(
        ModelConfiguration(
          embedDim: 256,
          vision: VisionConfiguration(imageSize: 40, patchSize: 8, layers: 6, width: 192),
          text: TextConfiguration(contextLength: 32, width: 192, heads: 3, layers: 3))))
    recipe.globalBatch = 128
    recipe.microBatch = 64
    recipe.epochs = 24
    recipe.optimizer.learningRate = 1e-3
    recipe.optimizer.weightDecay = 0.1
    recipe.optimizer.gradientClip = 1
    recipe.schedule.warmupSteps = 50
    recipe.augmentation.scale = [0.8, 1]
    recipe.checkpoint.everySteps = 100
    recipe.evaluation.everySteps = 100
    return recipe
  }

  private static var tiny: Recipe {
    // In fewer dimensions random embeddings are far from orthogonal, and the loss starts far above ln(batch).
    var recipe = Recipe(
      model: .custom(
        ModelConfiguration(
          embedDim: 256,
          vision: VisionConfiguration(imageSize: 32, patchSize: 8, layers: 2, width: 64, headWidth: 32),
          text: TextConfiguration(contextLength: 16, width: 32, heads: 2, layers: 2))))
    recipe.globalBatch = 64
    recipe.microBatch = 32
    recipe.epochs = 4
    recipe.optimizer.learningRate = 1e-3
    recipe.schedule.warmupSteps = 10
    recipe.checkpoint.everySteps = 20
    return recipe
  }
}
