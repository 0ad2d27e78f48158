import ArgumentParser
import Captions
import Checkpoints
import Towers
import Training

/// Writes a model as a directory other programs load.
struct Export: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write a model as a directory that open_clip or Transformers load.",
    discussion: """
      Example: clip export --weights my-run --into my-model --format open_clip
      In Python: open_clip.create_model_and_transforms("local-dir:my-model"), or for --format transformers
      CLIPModel.from_pretrained("my-model") and CLIPProcessor.from_pretrained("my-model").
      """)

  @OptionGroup var weights: WeightsOption

  @Option(help: ArgumentHelp("The directory to write; it must not exist, or be empty.", valueName: "dir"))
  var into: String

  /// Who is to load the directory.
  enum Format: String, CaseIterable, ExpressibleByArgument {
    case openCLIP = "open_clip"
    case transformers
  }

  @Option(help: "Who is to load it.")
  var format: Format

  @OptionGroup var output: Output

  func run() throws {
    let weights = try weights.open()
    let vocabulary = try weights.loadVocabulary()
    let shape = TwoTowers.parameterShapes(of: weights.configuration)
    try weights.check(against: shape)
    try ModelDirectory.write(
      weights.tensors, of: weights.configuration, preprocessing: weights.preprocessing,
      as: format == .transformers ? .transformers : .openCLIP, into: into,
      usesCLIPVocabulary: vocabulary.isCLIP
    ) { directory in
      try vocabulary.writeTransformersFiles(
        into: directory, contextLength: weights.configuration.text.contextLength)
    }
    try output.show(["directory": into, "format": format.rawValue]) {
      "\(into): \(shape.count) tensors for \(format.rawValue)"
    }
  }
}
