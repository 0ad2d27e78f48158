import Foundation
import Testing
import Towers
import Training

@Suite struct RecipeTests {
  private func recipe(_ json: String) throws -> Recipe {
    try Recipe(json: Array(json.utf8), over: .paper, source: "my-recipe.json")
  }

  private func message(_ body: () throws -> Recipe) -> String {
    do { return "no error: \(try body().json)" } catch { return "\(error)" }
  }

  @Test func everyRecipeSurvivesItsJSON() throws {
    for name in Recipes.names {
      let recipe = try #require(Recipes.named(name))
      #expect(try Recipe(json: Array(recipe.json.utf8), over: .paper, source: name) == recipe, "\(name)")
    }
  }

  @Test func thePaperSNumbers() throws {
    let recipe = try #require(Recipes.named("ViT-L-14"))
    #expect(recipe.globalBatch == 32768 && recipe.epochs == 32 && recipe.schedule.warmupSteps == 2000)
    #expect(recipe.optimizer.learningRate == 4e-4 && recipe.optimizer.weightDecay == 0.2)
    #expect(recipe.optimizer.beta1 == 0.9 && recipe.optimizer.beta2 == 0.98 && recipe.optimizer.epsilon == 1e-6)
  }

  /// It starts from ViT-L-14: the same model but for the size of its pictures.
  @Test func thePapersLastEpoch() throws {
    var last = try #require(Recipes.named("ViT-L-14-336"))
    let before = try #require(Recipes.named("ViT-L-14"))
    #expect(last.epochs == 1 && last.steps == 0 && last.optimizer.learningRate == 2e-5)
    var model = try last.model.configuration
    #expect(model.vision.imageHeight == 336 && model.vision.imageWidth == 336)
    (model.vision.imageHeight, model.vision.imageWidth) = (224, 224)
    #expect(try model == before.model.configuration)
    // Nothing else differs.
    (last.model, last.epochs, last.optimizer.learningRate) = (
      before.model, before.epochs, before.optimizer.learningRate
    )
    #expect(last == before)
  }

  @Test func aFileMayLeaveFieldsOut() throws {
    let found = try recipe(#"{"model": "ViT-B-16", "optimizer": {"learningRate": 1e-3}, "steps": 7}"#)
    var expected = Recipe(model: .named("ViT-B-16"))
    expected.optimizer.learningRate = 1e-3
    expected.steps = 7
    #expect(found == expected)
  }

  /// As in the `state.json` of a checkpoint that was written before there was such a field.
  @Test func recipesFromBeforeAKeyAreRead() throws {
    let paper = try #require(JSONSerialization.jsonObject(with: Data(Recipe.paper.json.utf8)) as? [String: Any])
    func state(_ recipe: [String: Any]) throws -> Recipe {
      let digest = "xxh64:" + String(repeating: "0", count: 16)
      let state: [String: Any] = [
        "step": 1, "samples": 64, "epoch": 0, "dataset": digest, "vocabulary": digest, "orderVersion": 1, "ranks": 2,
        "recipe": recipe,
      ]
      return try JSONDecoder().decode(TrainingState.self, from: JSONSerialization.data(withJSONObject: state)).recipe
    }
    let new = ["reduction", "shard", "batchNorm", "lock", "activationCheckpointing", "patchDropout"]
    let old = paper.filter { !new.contains($0.key) }
    #expect(old.count == paper.count - new.count)
    #expect(try state(old) == .paper)
    let reduction = try state(paper.merging(["reduction": ["wire": "bf16"]]) { $1 }).reduction
    #expect(reduction.wire == .bf16 && reduction.order == .ranks)
    let augmentation = try state(paper.merging(["augmentation": ["crop": "square", "scale": [0.5, 1]]]) { $1 })
      .augmentation
    #expect(augmentation.crop == .square && augmentation.decoding == .exact)
    #expect(throws: (any Error).self) { try state(["globalBach": 64]) }
  }

  @Test func switchedOffMayBeWrittenAsNull() throws {
    #expect(try recipe(#"{"optimizer": {"gradientClip": null}}"#).optimizer.gradientClip == 0)
  }

  @Test(arguments: [
    (#"{"globalBach": 64}"#, #"unknown key "globalBach"; did you mean "globalBatch"?"#),
    (#"{"optimizer": {"weigthDecay": 0}}"#, #"did you mean "optimizer.weightDecay"?"#),
    (#"{"globalBatch": "many"}"#, "globalBatch"),
    (#"{"globalBatch": 0}"#, "globalBatch: found 0, expected at least 1"),
    (#"{"model": "ViT-B-23"}"#, #"did you mean "ViT-B-32"?"#),
    (#"{"model": {"embed_dim": 512}}"#, "vision_cfg"),
    (#"{"precision": "fp16"}"#, "precision"),
    (#"{"reduction": {"wire": "fp16"}}"#, #"reduction.wire: found "fp16", expected one of bf16, fp32"#),
    (#"{"reduction": "bf16"}"#, "reduction: found"),
    (#"{"reduction": {"order": "any"}}"#, #"reduction.order: found "any", expected one of canonical, ranks"#),
    (#"{"reduction": {"order": "canonical", "wire": "bf16"}}"#, "reduction.wire: found bf16, expected fp32"),
    (#"{"reduction": {"order": "canonical"}, "shard": "parameters"}"#, "shard: found parameters, expected none or opt"),
    (#"{"shard": "optimiser"}"#, #"shard: found "optimiser", expected one of none, optimizer"#),
    (#"{"augmentation": {"scale": [0.9, 0.1]}}"#, "augmentation.scale"),
    (
      #"{"augmentation": {"decoding": "fast"}}"#, #"augmentation.decoding: found "fast", expected one of exact, scaled"#
    ),
    ("[1]", "expected an object"),
    ("{", "is not JSON"),
  ]) func mistakesAreNamed(json: String, expected: String) {
    let text = message { try recipe(json) }
    #expect(text.hasPrefix("my-recipe.json: "), "\(text)")
    #expect(text.contains(expected), "\(text)")
  }

  @Test func settingReachesEveryDepth() throws {
    var recipe = try Recipe.paper.setting(["optimizer.learningRate=1e-3"]).setting(["globalBatch=64"])
    recipe = try recipe.setting(["vocabulary=my.txt"]).setting(["model.text_cfg.vocab_size=999"])
    #expect(recipe.optimizer.learningRate == 1e-3 && recipe.globalBatch == 64 && recipe.vocabulary == "my.txt")
    let model = try recipe.model.configuration
    #expect(model.text.vocabularySize == 999)
    #expect(model.vision == NamedModels.configuration(of: "ViT-B-32")?.vision)
    #expect(try recipe.setting(["model=ViT-B-16"]).model == .named("ViT-B-16"))
  }

  /// In between, the model may be one that cannot be.
  @Test func settingsMayDependOnEachOther() throws {
    let sizes = ["model.vision_cfg.image_size=30", "model.vision_cfg.patch_size=10"]
    for settings in [sizes, sizes.reversed()] {
      let vision = try Recipe.paper.setting(settings).model.configuration.vision
      #expect(vision.imageHeight == 30 && vision.patchSize == 10)
    }
    #expect(try Recipe.paper.setting(["epochs=0", "steps=5"]).steps == 5)
    let text = message { try Recipe.paper.setting(["epochs=0", "seed=1"]) }
    #expect(text.hasPrefix("--set epochs=0 --set seed=1: epochs: found 0"), "\(text)")
  }

  @Test(arguments: [
    ("learninRate=1", "optimizer.learningRate"), ("globlBatch=1", "globalBatch"),
    ("optimizer.beta3=0", "optimizer.beta"),
    ("keepLst=1", "checkpoint.keepLast"),
  ]) func theNearestKeyMayLieDeeper(assignment: String, nearest: String) {
    let text = message { try Recipe.paper.setting([assignment]) }
    #expect(text.contains("did you mean \"\(nearest)"), "\(text)")
  }

  @Test(arguments: ["globalBatch", "=3", "globlBatch=3", "model.vision_cfg.layers=-1", "optimizer=3", "seed.x=1"])
  func nonsenseInSettingsIsRefused(assignment: String) {
    #expect(throws: (any Error).self) { try Recipe.paper.setting([assignment]) }
  }

  @Test func theScheduleWarmsUpAndFollowsACosine() {
    let schedule = Schedule(warmupSteps: 10, decay: .cosine)
    #expect(schedule.factor(at: 0, of: 110) == 0.1)
    #expect(schedule.factor(at: 9, of: 110) == 1)
    #expect(abs(schedule.factor(at: 60, of: 110) - 0.5) < 1e-6)
    #expect(schedule.factor(at: 109, of: 110) < 1e-3)
    #expect(Schedule(warmupSteps: 0, decay: .constant).factor(at: 99, of: 100) == 1)
  }
}
