import Checkpoints
import Files
import Foundation
import Testing
import Towers

/// What PyTorch wrote is read as PyTorch reads it; `Fixtures/torch/make.py` made the files.
@Suite struct TorchFileTests {
  let directory: String

  init() throws { directory = try Scratch.directory() }

  func values(_ tensors: [WeightTensor]) throws -> [String: [Float]] {
    #expect(Set(tensors.map(\.name)).count == tensors.count)
    return try Dictionary(uniqueKeysWithValues: tensors.map { ($0.name, try $0.values()) })
  }

  /// A directory with a file of weights, under another name if wanted, and files of a fixture beside it.
  func place(_ file: String, as name: String? = nil, beside fixture: String? = nil, _ others: String...) throws
    -> String
  {
    let path = "\(directory)/\(UUID().uuidString)"
    try Directory.create(path)
    try FileWriter.write(
      FileReader.contents(of: Scratch.fixture("torch/\(file)")), to: "\(path)/\(name ?? file)")
    for other in others {
      try FileWriter.write(
        FileReader.contents(of: Scratch.fixture("\(fixture ?? "")/\(other)")), to: "\(path)/\(other)")
    }
    return path
  }

  @Test(arguments: ["state_dict.pt", "checkpoint.pt"])
  func theSameModelIsTheSameBitForBit(file: String) throws {
    let expected = try Weights.open(Scratch.fixture("open_clip"))
    let folder = try place(file, beside: "open_clip", "open_clip_config.json")
    let weights = try Weights.open("\(folder)/\(file)")
    try weights.check(against: Scratch.expectedShapes)
    #expect(try values(weights.tensors) == values(expected.tensors))
    #expect(weights.configuration == expected.configuration && weights.preprocessing == expected.preprocessing)
    #expect(weights.vocabulary == "clip" && weights.warnings.isEmpty && weights.path == "\(folder)/\(file)")
  }

  @Test func namesOfTransformersAreTranslated() throws {
    let expected = try Weights.open(Scratch.fixture("transformers"))
    let folder = try place(
      "pytorch_model.bin", beside: "transformers", "config.json", "preprocessor_config.json")
    // As a file and as what a directory holds.
    for path in [folder, "\(folder)/pytorch_model.bin"] {
      let weights = try Weights.open(path)
      try weights.check(against: Scratch.expectedShapes)
      #expect(try values(weights.tensors) == values(expected.tensors))
      #expect(weights.configuration == expected.configuration && weights.preprocessing == expected.preprocessing)
    }
  }

  @Test func halfPrecisionOfTorchScriptIsWidened() throws {
    let folder = try place("openai.pt", beside: "open_clip", "open_clip_config.json")
    let weights = try Weights.open("\(folder)/openai.pt")
    try weights.check(against: Scratch.expectedShapes)
    let expected = try values(Weights.open(Scratch.fixture("open_clip")).tensors)
    #expect(try values(weights.tensors) == expected.mapValues { $0.map { Float(Float16($0)) } })
    #expect(try TorchFile("\(folder)/openai.pt").usesQuickGELU == true)
  }

  @Test func tensorsLieInTheirStoragesInEveryWay() throws {
    let file = try TorchFile(Scratch.fixture("torch/views.pt"))
    let expected = try SafetensorsFile(Scratch.fixture("torch/views.safetensors"))
    for tensor in expected.tensors {
      let found = try #require(file.tensors.first { $0.name == tensor.name }, "\(tensor.name)")
      #expect(found.shape == tensor.shape && found.count == tensor.count)
      #expect(try found.values() == tensor.values(), "\(tensor.name)")
    }
    // An integer alone is left out; several are no weights either, but it takes a model to know that.
    #expect(Set(file.tensors.map(\.name)) == Set(expected.tensors.map(\.name) + ["counts"]))
    let counts = try #require(file.tensors.first { $0.name == "counts" })
    let error = #expect(throws: FileError.self) { try counts.values() }
    #expect(error?.reason == "tensor counts holds I64, expected F32, F16, BF16 or F64")
    #expect(file.usesQuickGELU == nil)
  }

  @Test(arguments: 3...5) func everyProtocolIsRead(number: Int) throws {
    let file = try TorchFile(Scratch.fixture("torch/protocol-\(number).pt"))
    #expect(try values(file.tensors) == ["a": [1, 2], "b": [3, 4]])
    #expect(file.tensors.map(\.shape) == [[2], [1, 2]])
  }

  @Test func shapesTellTheModel() throws {
    let weights = try Weights.open("\(place("shapes.pth"))/shapes.pth")
    #expect(
      weights.configuration
        == ModelConfiguration(
          embedDim: 24,
          vision: VisionConfiguration(imageSize: 12, patchSize: 4, layers: 1, width: 128, mlpRatio: 3),
          text: TextConfiguration(contextLength: 9, vocabularySize: 30, width: 64, heads: 1, layers: 2)))
    #expect(weights.preprocessing == .clip && weights.vocabulary == nil)
    #expect(weights.warnings.count == 1)
    #expect(weights.warnings[0].contains("taken for a model with exact GELU and heads of 64 channels; an open_clip_c"))
    #expect(try weights["visual.proj"]?.values() == [Float](repeating: 0, count: 128 * 24))
  }

  @Test func whatIsTakenForGrantedDependsOnWhoseNamesTheyAre() throws {
    func open(_ tensors: [WeightTensor]) throws -> Weights {
      let path = "\(directory)/\(UUID().uuidString).safetensors"
      try SafetensorsWriter.write(tensors.map { TensorSource($0) }, to: path)
      return try Weights.open(path)
    }
    let weights = try Weights.open("\(place("shapes.pth"))/shapes.pth")
    var quick = weights.configuration
    quick.quickGELU = true

    let transformers = try open(try TransformersNames.exported(weights.tensors))
    #expect(transformers.configuration == quick && transformers.preprocessing.marginRounding == .down)
    #expect(transformers.warnings.count == 1 && transformers.warnings[0].contains("a model with QuickGELU and heads"))
    try transformers.check(against: weights.tensors.map { ($0.name, $0.shape) })

    let numbers = ["input_resolution", "context_length", "vocab_size"].map { WeightTensor($0, shape: []) { [1] } }
    let openAIs = try open(weights.tensors + numbers)
    #expect(openAIs.configuration == quick && openAIs.tensors.count == weights.tensors.count)
    #expect(openAIs.warnings.count == 1 && openAIs.warnings[0].contains("a model with heads of 64 channels; an"))
  }

  /// The count of batches is a whole number in a file, and may be missing.
  @Test func aModifiedResNetIsToldByItsShapes() throws {
    let model = ModelConfiguration(
      embedDim: 24, vision: VisionConfiguration(imageSize: 96, stages: [1, 3, 2, 1], width: 4),
      text: TextConfiguration(contextLength: 12, vocabularySize: 40, width: 128, heads: 2, layers: 3))
    let shapes = TwoTowers.parameterShapes(of: model)
    let tensors = shapes.map { shape in
      WeightTensor(shape.name, shape: shape.shape) { [Float](repeating: 7, count: shape.shape.reduce(1, *)) }
    }
    func scratch(_ name: String) -> String { "\(directory)/\(name)" }
    try SafetensorsWriter.write(tensors.map { TensorSource($0) }, to: scratch("all.safetensors"))
    let weights = try Weights.open(scratch("all.safetensors"))
    #expect(weights.configuration == model)
    try weights.check(against: shapes)

    try ModelDirectory.write(
      weights.tensors, of: model, as: .openCLIP, into: scratch("exported"), usesCLIPVocabulary: true
    ) { _ in }
    let exported = try Weights.open(scratch("exported"))
    #expect(exported.configuration == model)
    #expect(try exported["visual.layer2.2.bn3.num_batches_tracked"]?.values() == [7])
    let count = #"visual.bn1.num_batches_tracked":{"dtype":"I64","shape":[]"#
    let file = try FileReader.contents(of: scratch("exported/open_clip_model.safetensors"))
    #expect(String(decoding: file.prefix(1 << 16), as: UTF8.self).contains(count))

    let few = tensors.filter { !$0.name.hasSuffix("num_batches_tracked") }
    try SafetensorsWriter.write(few.map { TensorSource($0) }, to: scratch("few.safetensors"))
    try Weights.open(scratch("few.safetensors")).check(against: shapes)
  }

  @Test func shapesThatTellNoModelAreNamed() throws {
    func complaint(_ path: String) -> String? {
      #expect(throws: FileError.self) { try Weights.open(path) }?.reason
    }
    let start = "has no configuration beside it, and its tensors do not tell the model: "
    #expect(
      try complaint("\(place("state_dict.pt"))/state_dict.pt")?.hasPrefix(
        start + "the image tower: its width, 16, is not a multiple of 64, so that its heads are not known") == true)
    #expect(
      try complaint("\(place("views.pt"))/views.pt")?.hasPrefix(start + "tensor visual.proj is missing") == true)
  }

  @Test func theActivationIsKnownFromTorchScript() throws {
    #expect(try TorchFile(Scratch.fixture("torch/quick_gelu.pt")).usesQuickGELU == true)
    #expect(try TorchFile(Scratch.fixture("torch/exact_gelu.pt")).usesQuickGELU == false)
    #expect(try TorchFile(Scratch.fixture("torch/state_dict.pt")).usesQuickGELU == nil)
  }

  @Test func aDirectoryIsSearchedInOpenCLIPsOrder() throws {
    let names = [
      "open_clip_pytorch_model.bin", "open_clip_pytorch_model.pth", "pytorch_model.bin", "pytorch_model.pth",
      "model.pth",
    ]
    let folder = try place("state_dict.pt", as: names[0], beside: "open_clip", "open_clip_config.json")
    for name in names.dropFirst() {
      try FileWriter.write(FileReader.contents(of: "\(folder)/\(names[0])"), to: "\(folder)/\(name)")
    }
    for name in names {
      #expect(try Weights.open(folder).path == "\(folder)/\(name)")
      try Directory.remove("\(folder)/\(name)")
    }
  }

  @Test(arguments: ["legacy.pt", "plain.pt"]) func filesFromBeforeTheArchivesSayHowToConvertThem(name: String) throws {
    let error = #expect(throws: FileError.self) { try TorchFile(Scratch.fixture("torch/\(name)")) }
    #expect(error?.reason.contains("it is in the format from before PyTorch 1.6. Save it again in Python") == true)
  }

  @Test(arguments: [
    ("system-2.pt", "posix.system"), ("system-4.pt", "posix.system"), ("eval.pt", "__builtin__.eval"),
    ("module.pt", "torch.nn.modules.linear.Linear"),
  ])
  func whatPythonWouldRunIsRefusedByName(file: String, name: String) throws {
    let error = #expect(throws: FileError.self) { try TorchFile(Scratch.fixture("torch/\(file)")) }
    #expect(
      error?.reason.contains("it asks for \(name): refused; expected tensors only") == true, "\(error?.reason ?? "")")
  }
}
