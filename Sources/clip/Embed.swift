import ArgumentParser
import Checkpoints
import Evaluation
import Files
import Foundation
import Tensors

/// Writes the embeddings of pictures and texts.
struct Embed: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write the embeddings of pictures and texts, rows of length 1 in input order.",
    discussion: """
      Example:
        clip embed --weights my-run --images *.jpg --texts texts.txt --into out.safetensors
      """)

  @OptionGroup var weights: WeightsOption

  @Option(parsing: .upToNextOption, help: ArgumentHelp("Pictures.", valueName: "path"))
  var images: [String] = []

  @Option(help: ArgumentHelp("A file with a text on every line.", valueName: "file"))
  var texts: String?

  @Option(
    help: ArgumentHelp("The file to write: image_features and text_features, single precision.", valueName: "file"))
  var into: String

  @OptionGroup var threads: ThreadOption
  @OptionGroup var output: Output

  func validate() throws {
    guard !images.isEmpty || texts != nil else { throw ValidationError("name --images, --texts or both") }
  }

  func run() throws {
    threads.apply()
    let encoder = try Encoder(weights.open(), threads: threads.count)
    var results: [TensorSource] = []
    if !images.isEmpty {
      let paths = images
      let features = try encoder.images(paths.count) { number in
        (paths[number], try FileReader.contents(of: paths[number]))
      }
      results.append(source("image_features", features))
    }
    if let texts {
      let bytes = try FileReader.contents(of: texts)
      guard String(validating: bytes, as: UTF8.self) != nil else { throw FileError(texts, "is not UTF-8") }
      // Cut as bytes: in a text, Windows' line break would be a character of its own.
      var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        .map { String(decoding: $0, as: UTF8.self) }
      // The last line ends with a line break; there is no empty one behind it.
      if lines.last == "" { lines.removeLast() }
      results.append(source("text_features", try encoder.texts(lines)))
    }
    try SafetensorsWriter.write(results, to: into)
    let shapes = Dictionary(uniqueKeysWithValues: results.map { ($0.description.name, $0.description.shape) })
    try output.show(shapes) {
      "\(into): "
        + results.map { "\($0.description.name) \($0.description.shape[0]) × \($0.description.shape[1])" }.joined(
          separator: ", ")
    }
  }

  private func source(_ name: String, _ features: Tensor) -> TensorSource {
    TensorSource(name, shape: [features.rows, features.columns], values: features.values)
  }
}
