import Checkpoints
import Files
import Foundation
import Testing
import Towers

@Suite struct WeightsTests {
  let directory: String

  init() throws { directory = try Scratch.directory() }

  /// A copy of a fixture directory in which a text of one file is replaced.
  func copy(_ fixture: String, replacing old: String = "", with new: String = "", in file: String = "") throws -> String
  {
    let path = "\(directory)/\(fixture)-\(UUID().uuidString)"
    try Directory.create(path)
    let source = try Scratch.fixture(fixture)
    for name in try Directory.names(in: source) {
      var bytes = try FileReader.contents(of: "\(source)/\(name)")
      if name == file {
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(text.contains(old))
        bytes = Array(text.replacing(old, with: new, maxReplacements: 1).utf8)
      }
      try FileWriter.write(bytes, to: "\(path)/\(name)")
    }
    return path
  }

  func complaint(_ path: String) -> String? {
    do {
      _ = try Weights.open(path)
      return nil
    } catch let error as FileError {
      return error.description
    } catch {
      return "not a FileError: \(error)"
    }
  }

  func sources(scale: Float = 1) throws -> [WeightTensor] {
    try Weights.open(Scratch.fixture("open_clip")).tensors.map { tensor in
      WeightTensor(tensor.name, shape: tensor.shape) { try tensor.values().map { $0 * scale } }
    }
  }

  let recipe = """
    {"model": {"embed_dim": 6,
      "vision_cfg": {"image_size": 16, "layers": 2, "width": 16, "head_width": 8, "patch_size": 8, "mlp_ratio": 2.0},
      "text_cfg": {"context_length": 8, "vocab_size": 20, "width": 8, "heads": 2, "layers": 2}},
     "vocabulary": "words.txt", "epochs": 3}
    """

  @Test func aRunACheckpointAndItsFileAreTheSame() throws {
    let run = "\(directory)/run"
    let store = CheckpointStore(run)
    try store.write(step: 1, model: sources(), optimizer: [], state: [])
    let newest = try store.write(step: 2, model: sources(scale: 2), optimizer: [], state: [])
    try FileWriter.write(Array(recipe.utf8), to: "\(run)/recipe.json")
    for path in [run, newest.directory, "\(run)/", "\(newest.directory)/model.safetensors"] {
      let weights = try Weights.open(path)
      try weights.check(against: Scratch.expectedShapes)
      #expect(try weights["logit_scale"]?.values() == [5])
      #expect(weights.vocabulary == "words.txt" && weights.preprocessing == .clip && weights.warnings.isEmpty)
      #expect(weights.configuration.vision.tokens == 5)
    }
  }

  @Test func aDamagedCheckpointIsPassedOverWithAWarning() throws {
    let run = "\(directory)/run"
    let store = CheckpointStore(run)
    let files = [(name: "recipe.json", bytes: Array(recipe.utf8))]
    try store.write(step: 1, model: sources(), optimizer: [], state: [], files: files)
    let newest = try store.write(step: 2, model: sources(scale: 2), optimizer: [], state: [], files: files)
    var bytes = try FileReader.contents(of: "\(newest.directory)/model.safetensors")
    bytes[bytes.count - 1] ^= 1
    try FileWriter.write(bytes, to: "\(newest.directory)/model.safetensors")
    let weights = try Weights.open(run)
    #expect(try weights["logit_scale"]?.values() == [2.5])
    #expect(weights.warnings.count == 1 && weights.warnings[0].contains("step-000000002/model.safetensors: has digest"))
    #expect(complaint(newest.directory)?.contains("is not a checkpoint that can be trusted") == true)
  }

  @Test func aRunMayNameItsModelAndHoldItsVocabulary() throws {
    let run = "\(directory)/run"
    try CheckpointStore(run).write(step: 1, model: sources(), optimizer: [], state: [])
    try FileWriter.write(Array(#"{"model": "ViT-B/16", "vocabulary": "clip"}"#.utf8), to: "\(run)/recipe.json")
    #expect(try Weights.open(run).configuration == NamedModels.configuration(of: "ViT-B-16"))
    #expect(try Weights.open(run).vocabulary == "clip")
    for name in ["vocab.json", "merges.txt"] { try FileWriter.write([], to: "\(run)/\(name)") }
    #expect(try Weights.open(run).vocabulary == run)
    try FileWriter.write(Array(#"{"model": "ViT-B-17"}"#.utf8), to: "\(run)/recipe.json")
    #expect(complaint(run)?.contains("recipe.json: model: \"ViT-B-17\" is not known; known are RN50") == true)
  }

  @Test func tensorsThatDoNotFitAreNamed() throws {
    let weights = try Weights.open(Scratch.fixture("open_clip"))
    try weights.check(against: Scratch.expectedShapes)
    func complaint(_ expected: [(name: String, shape: [Int])]) -> String? {
      #expect(throws: FileError.self) { try weights.check(against: expected) }?.reason
    }
    #expect(
      complaint(Scratch.expectedShapes + [("logit_bias", [])])
        == "tensor logit_bias is missing, expected with shape []")
    #expect(
      complaint(Scratch.expectedShapes.filter { $0.name != "visual.proj" })
        == "tensor visual.proj with shape [16, 6] has no place in the model")
    #expect(
      complaint(Scratch.expectedShapes.map { $0.name == "visual.proj" ? ($0.name, [6, 16]) : $0 })
        == "tensor visual.proj has shape [16, 6], expected [6, 16]")
    #expect(complaint([])?.hasSuffix("; and 57 more such") == true)
    let folder = try copy("open_clip")
    let twice =
      try weights.tensors
      + [#require(weights["ln_final.bias"])].map { tensor in
        WeightTensor("text.\(tensor.name)", shape: tensor.shape) { try tensor.values() }
      }
    try SafetensorsWriter.write(twice.map { TensorSource($0) }, to: "\(folder)/open_clip_model.safetensors")
    let error = #expect(throws: FileError.self) { try Weights.open(folder).check(against: Scratch.expectedShapes) }
    #expect(error?.reason == "tensor ln_final.bias is there twice, under two layouts' names")
  }

  @Test(arguments: [
    (#""resize_mode": "shortest""#, #""resize_mode": "squash""#, #"preprocess_cfg.resize_mode: "squash" is not supp"#),
    (#""bicubic""#, #""bilinear""#, #"preprocess_cfg.interpolation: "bilinear" is not supported, only "bicubic" or n"#),
    (#""mean": ["#, #""mean": [1,"#, "preprocess_cfg.mean: found [1, 0.5, 0.5, 0.5], expected three numbers"),
    (#""std": ["#, #""std": [0,"#, "preprocess_cfg.std: found [0, 0.25, 0.25, 0.25], expected three positive numbers"),
    (#""layers": 2"#, #""layers": 0"#, "model_cfg.vision_cfg.layers: found 0"),
    (#""model_cfg""#, #""model""#, "open_clip_config.json: model_cfg is missing"),
    ("{", "", "open_clip_config.json: is not valid JSON"),
  ])
  func whatOpenCLIPSaysAndWeCannotDoIsNamed(old: String, new: String, expected: String) throws {
    let complaint = complaint(try copy("open_clip", replacing: old, with: new, in: "open_clip_config.json"))
    #expect(complaint?.contains(expected) == true, "\(complaint ?? "accepted")")
  }

  @Test func absentPreprocessingIsCLIPs() throws {
    let path = try copy("open_clip", replacing: "preprocess_cfg", with: "other", in: "open_clip_config.json")
    #expect(try Weights.open(path).preprocessing == .clip)
    let one = try copy("transformers")
    try Directory.remove("\(one)/preprocessor_config.json")
    let expected = Preprocessing(mean: Preprocessing.clip.mean, std: Preprocessing.clip.std, marginRounding: .down)
    #expect(try Weights.open(one).preprocessing == expected)
  }

  @Test(arguments: [
    ("\"resample\": 3", "\"resample\": 2", "preprocessor_config.json: resample: 2 is not supported, only 3 or null"),
    ("\"do_center_crop\": true", "\"do_center_crop\": false", "do_center_crop: false is not supported"),
    ("\"shortest_edge\": 16", "\"shortest_edge\": 18", "size: {\"shortest_edge\": 18} is not supported, only"),
  ])
  func whatAnImageProcessorDoesAndWeCannotIsNamed(old: String, new: String, expected: String) throws {
    let complaint = complaint(try copy("transformers", replacing: old, with: new, in: "preprocessor_config.json"))
    #expect(complaint?.contains(expected) == true, "\(complaint ?? "accepted")")
  }

  @Test(arguments: [
    ("\"model_type\": \"clip\"", "\"model_type\": \"siglip\"", "model_type: found \"siglip\", expected \"clip\""),
    ("\"hidden_act\": \"gelu\"", "\"hidden_act\": \"relu\"", "text_config.hidden_act: \"relu\" is not supported"),
    ("\"hidden_act\": \"gelu\"", "\"hidden_act\": \"quick_gelu\"", "vision_config.hidden_act: differs from"),
    ("\"eos_token_id\": 19", "\"eos_token_id\": 7", "text_config.eos_token_id: 7 is not supported, only 19 or 2"),
    ("1e-05", "1e-06", "text_config.layer_norm_eps: 1e-06 is not supported"),
    ("\"image_size\": 16", "\"image_size\": 17", "vision_config.image_size: 17 is not a multiple"),
    ("\"hidden_size\": 16", "\"hidden_size\": 17", "vision_config.hidden_size: 17 is not a multiple"),
  ])
  func whatTransformersSaysAndWeCannotDoIsNamed(old: String, new: String, expected: String) throws {
    let complaint = complaint(try copy("transformers", replacing: old, with: new, in: "config.json"))
    #expect(complaint?.contains(expected) == true, "\(complaint ?? "accepted")")
  }

  @Test func placesWithoutWeightsAreNamed() throws {
    #expect(complaint("\(directory)/nowhere")?.contains("does not exist; expected a run") == true)
    #expect(complaint(directory)?.contains("holds neither a step-* checkpoint nor any of") == true)
    try SafetensorsWriter.write([], to: "\(directory)/alone.safetensors")
    #expect(complaint("\(directory)/alone.safetensors")?.contains("has no configuration beside it") == true)
    try CheckpointStore("\(directory)/run").write(step: 1, model: sources(), optimizer: [], state: [])
    #expect(
      complaint("\(directory)/run")?.contains(
        "has no configuration beside it; expected recipe.json in its checkpoint or its run") == true)
  }
}
