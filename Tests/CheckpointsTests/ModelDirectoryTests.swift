import Checkpoints
import Files
import Foundation
import Testing
import Towers

@Suite struct ModelDirectoryTests {
  let directory: String

  init() throws { directory = try Scratch.directory() }

  func export(
    as format: ModelDirectory.Format, into name: String, usesCLIPVocabulary: Bool = false,
    change: (inout ModelConfiguration) -> Void = { _ in }
  ) throws -> String {
    let weights = try Weights.open(Scratch.fixture("open_clip"))
    var configuration = weights.configuration
    change(&configuration)
    let path = "\(directory)/\(name)"
    try ModelDirectory.write(
      weights.tensors, of: configuration, preprocessing: weights.preprocessing, as: format, into: path,
      usesCLIPVocabulary: usesCLIPVocabulary
    ) { directory in
      for file in ["vocab.json", "merges.txt"] { try FileWriter.write([], to: "\(directory)/\(file)") }
    }
    return path
  }

  func json(_ path: String) throws -> [String: Any] {
    let object = try JSONSerialization.jsonObject(with: Data(FileReader.contents(of: path)))
    return try #require(object as? [String: Any])
  }

  @Test func theWeightsAreTheFilesThePeersWrite() throws {
    let openCLIP = try export(as: .openCLIP, into: "a")
    #expect(
      try FileReader.contents(of: "\(openCLIP)/open_clip_model.safetensors")
        == FileReader.contents(of: Scratch.fixture("open_clip/open_clip_model.safetensors")))
    let transformers = try export(as: .transformers, into: "b")
    #expect(
      try FileReader.contents(of: "\(transformers)/model.safetensors")
        == FileReader.contents(of: Scratch.fixture("transformers/model.safetensors")))
    #expect(try Directory.names(in: directory) == ["a", "b"])
  }

  @Test func theConfigurationsSayWhatThePeersSay() throws {
    let openCLIP = try json("\(export(as: .openCLIP, into: "a"))/open_clip_config.json")
    var expected = try json(Scratch.fixture("open_clip/open_clip_config.json"))
    var model = try #require(expected["model_cfg"] as? [String: Any])
    var text = try #require(model["text_cfg"] as? [String: Any])
    text["hf_tokenizer_name"] = "."
    model["text_cfg"] = text
    model["quick_gelu"] = nil
    expected["model_cfg"] = model
    #expect(NSDictionary(dictionary: openCLIP) == NSDictionary(dictionary: expected))

    let transformers = try export(as: .transformers, into: "b")
    #expect(
      try NSDictionary(dictionary: json("\(transformers)/preprocessor_config.json"))
        == NSDictionary(dictionary: json(Scratch.fixture("transformers/preprocessor_config.json"))))
    let ours = try json("\(transformers)/config.json")
    let theirs = try json(Scratch.fixture("transformers/config.json"))
    for part in ["text_config", "vision_config"] {
      let ours = try #require(ours[part] as? NSDictionary)
      for (key, value) in try #require(theirs[part] as? NSDictionary) where "\(key)".hasPrefix("initializer") == false {
        #expect(ours[key] as? NSObject == value as? NSObject, "\(part).\(key)")
      }
    }
    #expect(ours["projection_dim"] as? Int == 6 && ours["model_type"] as? String == "clip")
  }

  @Test func everyDirectoryReadsBackTheSame() throws {
    let original = try Weights.open(Scratch.fixture("open_clip"))
    #expect(original.vocabulary == "clip")
    #expect(original.preprocessing == Preprocessing(mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25]))
    var paths = [(try Scratch.fixture("transformers"), FloatingPointRoundingRule.down)]
    for format in ModelDirectory.Format.allCases {
      let path = try export(as: format, into: format.rawValue)
      #expect(try Weights.open(path).vocabulary == path)
      paths.append((path, format == .transformers ? .down : .toNearestOrEven))
    }
    for (path, rounding) in paths {
      let weights = try Weights.open(path)
      try weights.check(against: Scratch.expectedShapes)
      var configuration = weights.configuration
      configuration.text.hfTokenizerName = nil
      #expect(configuration == original.configuration)
      #expect(weights.preprocessing.normalizes(as: original.preprocessing))
      #expect(weights.preprocessing.marginRounding == rounding, "\(path)")
      for tensor in original.tensors {
        #expect(try weights[tensor.name]?.values() == tensor.values())
      }
    }
    #expect(try Weights.open(Scratch.fixture("transformers")).vocabulary == nil)
    #expect(try Weights.open(Scratch.fixture("transformers/model.safetensors")).tensors.count == 62)
  }

  @Test func aModelWithCLIPsVocabularyBringsNoTokenizerToOpenCLIP() throws {
    let path = try export(as: .openCLIP, into: "a", usesCLIPVocabulary: true)
    #expect(try Directory.names(in: path) == ["open_clip_config.json", "open_clip_model.safetensors"])
    #expect(try Weights.open(path).vocabulary == "clip")
  }

  @Test func theActivationIsWritten() throws {
    let path = try export(as: .transformers, into: "a") { $0.quickGELU = true }
    let vision = try json("\(path)/config.json")["vision_config"] as? [String: Any]
    #expect(vision?["hidden_act"] as? String == "quick_gelu")
    #expect(try Weights.open(path).configuration.quickGELU)
  }

  @Test func oddMLPRatiosSurviveTransformers() throws {
    let path = try export(as: .transformers, into: "odd")
    let text = String(decoding: try FileReader.contents(of: "\(path)/config.json"), as: UTF8.self)
    // Widths m for which 98 · (m / 98), rounded down, is m - 1.
    for mlpWidth in [27, 54, 55, 64, 99, 101] {
      let changed = text.replacing("\"intermediate_size\" : 32", with: "\"intermediate_size\" : \(mlpWidth)")
        .replacing("\"hidden_size\" : 16", with: "\"hidden_size\" : 98")
      try Data(changed.utf8).write(to: URL(fileURLWithPath: "\(path)/config.json"))
      let configuration = try Weights.open(path).configuration
      #expect(configuration.vision.width == 98 && configuration.vision.mlpWidth == mlpWidth)
    }
  }

  @Test func nothingIsOverwritten() throws {
    let path = "\(directory)/full"
    try Directory.create(path)
    _ = try export(as: .openCLIP, into: "full")
    let error = #expect(throws: FileError.self) { try export(as: .openCLIP, into: "full") }
    #expect(
      error?.description == "\(path): exists already and is not an empty directory; remove it or choose another name")
  }

  @Test func aFailedExportLeavesNothing() throws {
    struct Full: Error {}
    let weights = try Weights.open(Scratch.fixture("open_clip"))
    #expect(throws: Full.self) {
      try ModelDirectory.write(
        weights.tensors, of: weights.configuration, as: .transformers, into: "\(directory)/a", usesCLIPVocabulary: true
      ) { _ in throw Full() }
    }
    #expect(throws: ConfigurationError.self) {
      try export(as: .transformers, into: "a") { $0.vision.imageWidth = 24 }
    }
    #expect(try Directory.names(in: directory).isEmpty)
  }
}
