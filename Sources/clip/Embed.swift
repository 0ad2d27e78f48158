import ArgumentParser
import Checkpoints
import Collectives
import Evaluation
import Files
import Foundation
import Tensors
import Towers

/// Writes the embeddings of pictures and texts, or of datasets.
struct Embed: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write the embeddings of pictures and texts, or of datasets, rows of length 1 in input order.",
    discussion: """
      --data embeds the pictures of datasets, on all ranks; a picture that cannot
      be decoded is a row of zeros, counted and warned of. FILE.safetensors is an
      index for clip search and clip serve; FILE.npy holds the rows alone, for
      NumPy and faiss. What is done is kept in FILE.parts until FILE is complete:
      after an end of whatever kind the same command goes on, with any number of
      ranks, and leaves the same bytes. A complete FILE.safetensors of the same
      model, data and tensors stays as it is; any other file is replaced when all
      is embedded.

      --hidden also writes the states behind the embeddings:
        text_hidden   (texts, context, width): every token after the final norm,
                      ln_final, the padding behind the end (token 0) included.
                      Transformers: CLIPTextModel.last_hidden_state.
        image_hidden  (pictures, tokens, width): every token after the last
                      block, the class token first, before ln_post.
                      Transformers: CLIPVisionModel.last_hidden_state; open_clip's
                      output_tokens are these after ln_post, without the class
                      token. Of a ModifiedResNet: (pictures, rows * columns,
                      channels) after the last stage.
      --hidden-layer N writes them after N blocks instead, without the final norm,
      as Transformers' hidden_states[N]: 0 is what enters the first block, -1 what
      leaves the last, -2 the one before, which image generators take. A
      ModifiedResNet counts its four stages; 0 is its stem.

      Example:
        clip embed --weights my-run --images *.jpg --texts texts.txt \\
          --into out.safetensors
        clip embed --weights my-run --texts prompts.txt --hidden-layer -2 \\
          --into states.safetensors
        mpirun -n 2 clip embed --weights my-run --data my-shards \\
          --into index.safetensors
      """)

  @OptionGroup var weights: WeightsOption

  @Option(parsing: .upToNextOption, help: ArgumentHelp("Pictures.", valueName: "path"))
  var images: [String] = []

  @Option(
    help: ArgumentHelp("A file or pipe with a text on every line; - is standard input.", valueName: "file"))
  var texts: String?

  @Flag(help: "Also write the hidden states of all tokens.")
  var hidden = false

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Write the hidden states after this many blocks; negative: from the last.", valueName: "n"))
  var hiddenLayer: Int?

  @Option(parsing: .upToNextOption, help: ArgumentHelp("Datasets, taken together as one.", valueName: "dir"))
  var data: [String] = []

  @Flag(help: "Of datasets, also write the embeddings of each sample's first caption.")
  var captions = false

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Samples of a part, a multiple of \(DatasetEmbedding.batch): of what is done, a rank that is killed loses one part at most (default: by the number of samples, at most 8192).",
      valueName: "n"))
  var partSamples: Int?

  @Option(
    help: ArgumentHelp(
      "The file to write: image_features and text_features, single precision; of datasets .safetensors or .npy.",
      valueName: "file"))
  var into: String

  @OptionGroup var threads: ThreadOption
  @OptionGroup var output: Output

  func validate() throws {
    let format = EmbeddingFormat(ofFile: into)
    guard !data.isEmpty else {
      guard !images.isEmpty || texts != nil else {
        throw ValidationError("name --images, --texts or both, or datasets with --data")
      }
      guard !captions else { throw ValidationError("--captions: of datasets only, which --data names") }
      guard partSamples == nil else { throw ValidationError("--part-samples: of datasets only, which --data names") }
      guard format != .numPy else {
        throw ValidationError("--into: found \(into), but .npy is written of datasets only, which --data names")
      }
      return
    }
    guard images.isEmpty, texts == nil, !hidden, hiddenLayer == nil else {
      throw ValidationError("--data embeds datasets alone: leave out --images, --texts, --hidden and --hidden-layer")
    }
    guard let format else {
      throw ValidationError("--into: found \(into), expected a name that ends in .safetensors or .npy")
    }
    guard format == .safetensors || !captions else {
      throw ValidationError("--captions: a .npy file holds one matrix; name a .safetensors file for both")
    }
    let mostPartSamples = 1 << 20
    guard partSamples.map({ (1...mostPartSamples).contains($0) && $0 % DatasetEmbedding.batch == 0 }) ?? true else {
      throw ValidationError(
        "--part-samples: expected a multiple of \(DatasetEmbedding.batch) of at most \(mostPartSamples)")
    }
  }

  func run() throws {
    threads.apply()
    try World.run { world in
      if !data.isEmpty {
        try embedDatasets(in: world)
      } else if world.isFirst {
        try embedInputs()
      }
    } onError: { error, world in
      Failure.report(error, of: world)
    }
  }

  /// Embeds pictures and texts that are named one by one: the work of one rank.
  private func embedInputs() throws {
    let encoder = try Encoder(weights.open(), threads: threads.count)
    var results: [TensorSource] = []
    // What cannot be is told before anything is computed.
    let model = encoder.towers.configuration
    let lines = try texts.map(Self.lines)
    let imageStates = try (images.isEmpty ? nil : layer(of: "image", model.vision.hiddenLayers)).map {
      try HiddenStates(after: $0, of: images.count, "pictures", shape: model.vision.hiddenShape(after: $0))
    }
    let textStates = try (lines == nil ? nil : layer(of: "text", model.text.hiddenLayers)).map {
      try HiddenStates(after: $0, of: lines?.count ?? 0, "texts", shape: model.text.hiddenShape)
    }
    if !images.isEmpty {
      let paths = images
      let features = try encoder.images(paths.count, states: imageStates) { number in
        (paths[number], try FileReader.contents(of: paths[number]))
      }
      results.append(Self.source("image_features", [features.rows, features.columns], features))
      if let imageStates { results.append(Self.source("image_hidden", imageStates.shape, imageStates.values)) }
    }
    if let lines {
      let features = try encoder.texts(lines)
      results.append(Self.source("text_features", [features.rows, features.columns], features))
      if let textStates {
        try encoder.states(of: lines, normalizing: hiddenLayer == nil, into: textStates)
        results.append(Self.source("text_hidden", textStates.shape, textStates.values))
      }
    }
    try SafetensorsWriter.write(results, to: into)
    let shapes = Dictionary(uniqueKeysWithValues: results.map { ($0.description.name, $0.description.shape) })
    try output.show(shapes) {
      "\(into): " + Self.text(results.map { ($0.description.name, $0.description.shape) })
    }
  }

  /// Tensors by their names and shapes.
  static func text(_ shapes: [(name: String, shape: [Int])]) -> String {
    shapes.map { name, shape in "\(name) \(shape.map(String.init).joined(separator: " × "))" }
      .joined(separator: ", ")
  }

  /// After how many of a tower's layers states are written; nil: none are.
  private func layer(of tower: String, _ layers: Int) throws -> Int? {
    guard let hiddenLayer else { return hidden ? layers : nil }
    guard (-layers - 1...layers).contains(hiddenLayer) else {
      throw ValidationError(
        "--hidden-layer: found \(hiddenLayer), expected \(-layers - 1) to \(layers): the \(tower) tower has "
          + counted(layers, "layer"))
    }
    return hiddenLayer < 0 ? layers + 1 + hiddenLayer : hiddenLayer
  }

  /// The texts of a file, one a line.
  private static func lines(of path: String) throws -> [String] {
    let bytes = try FileReader.stream(of: path)
    guard String(validating: bytes, as: UTF8.self) != nil else { throw FileError(path, "is not UTF-8") }
    // Cut as bytes: in a text, Windows' line break would be a character of its own.
    var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
      .map { String(decoding: $0, as: UTF8.self) }
    // The last line ends with a line break; there is no empty one behind it.
    if lines.last == "" { lines.removeLast() }
    return lines
  }

  /// A tensor to be written from where it lies.
  private static func source(_ name: String, _ shape: [Int], _ tensor: Tensor) -> TensorSource {
    TensorSource(name, shape: shape, type: .float32) { body in
      try tensor.withFloats { try body(UnsafeRawBufferPointer($0)) }
    }
  }
}
