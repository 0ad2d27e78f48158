import ArgumentParser
import Evaluation

/// Where the embeddings of pictures lie already.
struct IndexOption: ParsableArguments {
  @Option(
    name: .customLong("index"),
    help: ArgumentHelp(
      "Embeddings of the datasets that clip embed --data wrote, with these weights: no picture is embedded again.",
      valueName: "file"))
  var path: String?

  /// Opens it, if there is one: before hours of work it is known whether it is an index.
  func open() throws -> EmbeddingIndex? { try path.map { try EmbeddingIndex($0) } }

  /// Checks that there are datasets.
  func check(data: [String]) throws {
    guard data.isEmpty else { return }
    guard path != nil else { throw ValidationError("--data: name at least one dataset") }
    throw ValidationError(
      "--data: name the datasets that the --index is of as well: it holds embeddings, and they the pictures and captions"
    )
  }
}
