import ArgumentParser
import Shards

/// Takes a dataset apart.
struct Unpack: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Take a dataset apart: pictures, captions and JSON as files, in a folder for each shard.",
    discussion: """
      Each file is what `clip pack` stored; packing the folder gives the same pictures and captions again.

      Example: clip unpack my-shards --into my-pictures
      """)

  @Argument(help: ArgumentHelp("A dataset.", valueName: "dir"))
  var directory: String

  @Option(help: ArgumentHelp("Where the files go: a new folder.", valueName: "folder"))
  var into: String

  @OptionGroup var output: Output

  private struct Unpacked: Encodable {
    let folder: String
    let samples: Int
  }

  func run() throws {
    let dataset = try ShardDataset(directory)
    var meter = Meter("samples")
    try Unpacker(dataset).unpack(into: into) { written in
      meter.show(written, of: Double(written) / Double(dataset.count), from: (0, 0))
    }
    meter.end()
    try output.show(Unpacked(folder: into, samples: dataset.count)) {
      "\(into): \(counted(dataset.count, "sample")) of \(directory)"
    }
  }
}
