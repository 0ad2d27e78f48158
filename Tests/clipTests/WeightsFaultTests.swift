import Checkpoints
import Files
import Foundation
import Images
import Testing

/// Weights that are not what they should be, as every verb that takes `--weights` sees them.
@Suite struct WeightsFaultTests {
  /// A dataset, a vocabulary, a run of one step and its export.
  private static let prepared = Result {
    let scratch = try Scratch.untilExit()
    try Trained.copyDataset(to: scratch)
    try scratch.succeed(Trained.command(steps: 1))
    try scratch.succeed(["export", "--weights", "run", "--into", "model", "--format", "open_clip"])
    return scratch
  }

  let scratch: Scratch
  private let file = "model/open_clip_model.safetensors"

  init() throws {
    scratch = try Scratch()
    let prepared = try Self.prepared.get()
    for name in ["run", "model", "shards", "vocabulary.txt"] { try scratch.copy(prepared(name), to: name) }
    try scratch.write("a red circle\n", to: "texts.txt")
  }

  private func embed(_ weights: String = "model") -> [String] {
    ["embed", "--weights", weights, "--texts", "texts.txt", "--into", "out.safetensors"]
  }

  /// Writes the model again with other tensors.
  private func rewrite(_ change: ([WeightTensor]) throws -> [TensorSource]) throws {
    let tensors = try change(try SafetensorsFile(scratch(file)).tensors)
    try SafetensorsWriter.write(tensors, to: scratch(file))
  }

  @Test func missingTensorsAreNamed() throws {
    try rewrite { $0.filter { $0.name != "ln_final.bias" }.map { TensorSource($0) } }
    try scratch.fail(embed(), with: 74, file, "tensor ln_final.bias is missing, expected with shape [32]")
    try scratch.fail(
      ["export", "--weights", "model", "--into", "again", "--format", "transformers"], with: 74, "ln_final.bias")
    try scratch.fail(
      ["evaluate", "retrieval", "--weights", "model", "--data", "shards"], with: 74, "ln_final.bias")
    try scratch.fail(["search", "--weights", "model", "--data", "shards", "x"], with: 74, "ln_final.bias")
    #expect(!scratch.exists("again") && !scratch.exists("out.safetensors"))
  }

  @Test func extraTensorsAreNamed() throws {
    try rewrite { $0.map { TensorSource($0) } + [TensorSource("visual.extra", shape: [2, 1], values: [1, 2])] }
    try scratch.fail(embed(), with: 74, file, "tensor visual.extra with shape [2, 1] has no place in the model")
  }

  @Test func misshapenTensorsAreNamed() throws {
    try rewrite { tensors in
      try tensors.map { tensor in
        tensor.name == "visual.proj"
          ? TensorSource(tensor.name, shape: [256, 64], values: try tensor.values()) : TensorSource(tensor)
      }
    }
    try scratch.fail(embed(), with: 74, file, "tensor visual.proj has shape [256, 64], expected [64, 256]")
    // A new run does not start from them either, and leaves no trace.
    try scratch.fail(
      Trained.command(into: "new", steps: 1) + ["--initial-weights", "model"], with: 74, "tensor visual.proj")
    #expect(!scratch.exists("new"))
  }

  /// As many patches, so that all shapes are right, in a picture of another shape.
  @Test func picturesThatAreNoSquaresAreNamed() throws {
    let text = try scratch.text("model/open_clip_config.json")
    let found = try Regex(#""image_size"\s*:\s*32"#)
    try scratch.write(text.replacing(found, with: #""image_size": [16, 64]"#), to: "model/open_clip_config.json")
    let reason = "takes pictures of 64 × 16 pixels, expected a square"
    try scratch.write(Shapes.picture(1).encodedAsPNG(), to: "whole.png")
    try scratch.fail(
      ["embed", "--weights", "model", "--images", "whole.png", "--into", "out.safetensors"], with: 74, file, reason)
    try scratch.fail(["search", "--weights", "model", "--data", "shards", "x"], with: 74, file, reason)
    try scratch.fail(
      ["explain", "--weights", "model", "--image", "whole.png", "--text", "x", "--into", "heat.png"], with: 74, file,
      reason)
    #expect(!scratch.exists("out.safetensors") && !scratch.exists("heat.png"))
  }

  /// The shapes are the same, the numbers would not be.
  @Test func anotherNumberOfHeadsIsNamed() throws {
    try scratch.fail(
      Trained.command(into: "new", steps: 1, "model.vision_cfg.head_width=16") + ["--initial-weights", "model"],
      with: 74,
      "was trained with 2 heads of attention in vision_cfg, the recipe's model has 4",
      "set model.vision_cfg.head_width=32")
    try scratch.fail(
      Trained.command(into: "new", steps: 1, "model.text_cfg.heads=4") + ["--initial-weights", "model"], with: 74,
      "was trained with 2 heads of attention in text_cfg, the recipe's model has 4", "set model.text_cfg.heads=2")
  }

  @Test func anotherActivationIsNamed() throws {
    try scratch.fail(
      Trained.command(into: "new", steps: 1, "model.quick_gelu=true") + ["--initial-weights", "model"], with: 74,
      "was trained with exact GELU", "set model.quick_gelu=false")
    #expect(!scratch.exists("new"))
    try scratch.succeed(Trained.command(into: "new", steps: 1) + ["--initial-weights", "model"])
  }

  @Test func damagedFilesAreNamed() throws {
    try scratch.change(file) { $0.removeLast(5) }
    try scratch.fail(embed(), with: 74, file, "it was cut short")
    try scratch.change(file) { $0 = Array($0[..<100]) }
    try scratch.fail(embed(), with: 74, file, "is not a whole safetensors file")
    try scratch.write([], to: file)
    try scratch.fail(embed(), with: 74, file, "has 0 bytes")
    try scratch.change("run/step-000000001/model.safetensors") { $0[$0.count / 2] ^= 1 }
    try scratch.fail(embed("run"), with: 74, "run: has no checkpoint that can be trusted", "it is damaged")
    try scratch.fail(embed("run/step-000000001"), with: 74, "is not a checkpoint that can be trusted")
  }

  @Test func pathsThatAreNoWeightsAreNamed() throws {
    try scratch.fail(embed("nowhere"), with: 74, "nowhere: does not exist; expected a run, a checkpoint")
    try scratch.fail(embed("shards"), with: 74, "shards: holds neither a step-* checkpoint nor any of")
    try scratch.fail(embed("vocabulary.txt"), with: 74, "vocabulary.txt")
    try scratch.remove("model/open_clip_config.json")
    try scratch.fail(embed(), with: 74, file, "has no configuration beside it")
  }

  @Test func filesThatAreNotPyTorchsAreNamed() throws {
    try scratch.write("no archive", to: "model/weights.pt")
    let found = "model/weights.pt: is not a PyTorch file that can be read: expected a zip archive as torch.save writes"
    try scratch.fail(embed("model/weights.pt"), with: 74, found)
    try scratch.fail(
      ["export", "--weights", "model/weights.pt", "--into", "again", "--format", "transformers"], with: 74, found)
    try scratch.fail(["evaluate", "retrieval", "--weights", "model/weights.pt", "--data", "shards"], with: 74, found)
    try scratch.fail(["search", "--weights", "model/weights.pt", "--data", "shards", "x"], with: 74, found)
    try scratch.fail(
      Trained.command(into: "new", steps: 1) + ["--initial-weights", "model/weights.pt"], with: 74, found)
    #expect(!scratch.exists("again") && !scratch.exists("out.safetensors") && !scratch.exists("new"))
    try scratch.write(Array("PK\u{3}\u{4}".utf8) + [UInt8](repeating: 0, count: 100), to: "model/weights.pt")
    try scratch.fail(embed("model/weights.pt"), with: 74, "model/weights.pt", "it was cut short")
  }

  @Test func theVocabularyBesideThemMustFit() throws {
    try scratch.change("model/merges.txt") { $0 = Array($0[...($0.dropLast().lastIndex(of: 10) ?? 0)]) }
    try scratch.fail(embed(), with: 74, "model/vocab.json: has 550 tokens, expected 549")
    try scratch.remove("model/vocab.json")
    try scratch.fail(embed(), with: 74, "model")
  }

  @Test func inputsThatCannotBeReadAreNamed() throws {
    try scratch.write(Shapes.picture(1).encodedAsPNG(), to: "whole.png")
    try scratch.write(Array(try scratch.read("whole.png").dropLast(40)), to: "cut.png")
    let images = ["embed", "--weights", "model", "--into", "out.safetensors", "--images", "whole.png"]
    try scratch.fail(images + ["cut.png"], with: 74, "cut.png: cannot be decoded: truncated")
    try scratch.fail(images + ["none.png"], with: 74, "none.png: cannot open")
    try scratch.write([0xFF, 0xFE, 0x00], to: "texts.txt")
    try scratch.fail(embed(), with: 74, "texts.txt: is not UTF-8")
    #expect(!scratch.exists("out.safetensors"))
  }

  @Test func targetsInUseAreLeftAlone() throws {
    try scratch.write("precious", to: "used/notes.txt")
    let export = ["export", "--weights", "run", "--format", "open_clip", "--into"]
    try scratch.fail(export + ["used"], with: 74, "used: exists already and is not an empty directory")
    #expect(try scratch.names("used") == ["notes.txt"])
    try scratch.fail(export + ["texts.txt"], with: 74, "texts.txt: exists already")
    try scratch.fail(export + ["texts.txt/model"], with: 74, "texts.txt/model")
    try Directory.create(scratch("empty"))
    try scratch.succeed(export + ["empty"])
    try scratch.fail(Array(embed().dropLast()) + ["nowhere/out.safetensors"], with: 74, "nowhere/out.safetensors")
  }
}
