import ArgumentParser
import Shards

/// Shows what a dataset holds.
struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show what a dataset holds: counts, sizes, what was left out, a few captions.",
    discussion: "Example: clip inspect my-shards")

  @Argument(help: ArgumentHelp("A dataset.", valueName: "dir"))
  var directory: String

  @OptionGroup var output: Output

  func run() throws {
    let found = try Inspection(of: ShardDataset(directory))
    try output.show(found) {
      let formats = found.pictures.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
      var lines = [
        "samples   \(found.samples) (\(formats))",
        "shards    \(found.shards), \(found.bytes) bytes, \(found.rawBytes) uncompressed",
        "digest    \(found.digest)",
      ]
      for (reason, count) in found.dropped.sorted(by: { $0.key < $1.key }) {
        lines.append("left out  \(count) \(reason)")
      }
      lines += found.captions.map { "caption   \($0.key): \($0.caption.shortened)" }
      return lines.joined(separator: "\n")
    }
  }
}
