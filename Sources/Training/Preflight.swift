import Captions
import Checkpoints
import Collectives
import Files
import Foundation
import Shards
import Towers

/// What is checked on every rank before the first step.
enum Preflight {
  static func check(
    _ recipe: Recipe, _ model: ModelConfiguration, _ tokenizer: Tokenizer, _ data: ShardCollection,
    _ initialWeights: Weights?, in world: any Communicator
  ) throws {
    let batch = recipe.globalBatch
    guard batch % world.size == 0 else {
      let fitting = (1...min(batch, 4096)).filter { batch % $0 == 0 }.map(String.init).joined(separator: ", ")
      throw RecipeError(
        "globalBatch: \(batch) pairs cannot be shared equally by \(world.size) ranks; "
          + "numbers of ranks that divide it: \(fitting)")
    }
    try recipe.checkOrder(ranks: world.size)
    try recipe.checkTraining(of: model)
    guard tokenizer.vocabulary.size == model.text.vocabularySize else {
      throw RecipeError(
        "vocabulary: \(recipe.vocabulary) has \(tokenizer.vocabulary.size) tokens, the model's text_cfg.vocab_size is "
          + "\(model.text.vocabularySize); set model.text_cfg.vocab_size=\(tokenizer.vocabulary.size)")
    }
    guard model.vision.imageWidth == model.vision.imageHeight else {
      throw RecipeError(
        "model.vision_cfg.image_size: found [\(model.vision.imageHeight), \(model.vision.imageWidth)], "
          + "expected a square: pictures are cropped to one")
    }
    if let order = data.weightedOrder(seed: 0), order.samplesPerEpoch < 1 {
      throw RecipeError(
        "data weights: \(data.weights.map { "\($0)" } ?? "") of \(data.count) samples make epochs of less than one "
          + "sample, expected larger ones")
    }
    if let initialWeights {
      let found = initialWeights.preprocessing
      let expected = Preprocessing.clip
      guard found.normalizes(as: expected) else {
        throw FileError(
          initialWeights.path,
          "was trained with other means and deviations of pictures than CLIP's, found \(found.mean) and \(found.std), "
            + "expected \(expected.mean) and \(expected.std)")
      }
      try initialWeights.check(against: TwoTowers.parameterShapes(of: model))
      let isQuick = initialWeights.configuration.quickGELU
      // Where it was only assumed, a warning has said so, and the recipe knows better.
      guard isQuick == model.quickGELU || initialWeights.isActivationAssumed else {
        throw FileError(
          initialWeights.path,
          "was trained with \(isQuick ? "QuickGELU" : "exact GELU"), the recipe's model has the other activation: "
            + "set model.quick_gelu=\(isQuick)")
      }
      try checkHeads(of: initialWeights, model)
    }
    try agree("program", Digest(of: try FileReader.contents(of: "/proc/self/exe")), in: world)
    try agree("recipe", Digest(of: Array(recipe.json.utf8)), in: world)
    try agree("data set", data.digest, in: world)
    try agree("list of data weights", Digest(of: Array((data.weights.map { "\($0)" } ?? "").utf8)), in: world)
    try agree("vocabulary", tokenizer.vocabulary.digest, in: world)
  }

  /// No shape tells the number of heads: with another the same weights are another model.
  private static func checkHeads(of weights: Weights, _ model: ModelConfiguration) throws {
    let old = weights.configuration
    let towers = [
      ("vision_cfg", old.vision.heads, model.vision.heads, "head_width", old.vision.headWidth),
      ("text_cfg", old.text.heads, model.text.heads, "heads", old.text.heads),
    ]
    for (tower, found, expected, field, value) in towers where found != expected && !weights.isActivationAssumed {
      throw FileError(
        weights.path,
        "was trained with \(found) heads of attention in \(tower), the recipe's model has \(expected): set "
          + "model.\(tower).\(field)=\(value)")
    }
  }

  /// Throws on every rank whose `digest` is not the first rank's.
  private static func agree(_ what: String, _ digest: Digest, in world: any Communicator) throws {
    let first = Digest(
      value: UInt64(bitPattern: Int64(try world.broadcast(Int(Int64(bitPattern: digest.value))))))
    guard first == digest else {
      throw RanksDiffer(
        "rank \(world.rank) on \(ProcessInfo.processInfo.hostName) has another \(what) than the first rank: "
          + "found \(digest), expected \(first)")
    }
  }
}
