import ArgumentParser
import Images
import Shards

/// Packs captioned pictures into shards.
struct Pack: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Pack captioned pictures into shards.",
    discussion: """
      INPUT is a folder (pictures with NAME.txt, or NAME.json holding {"caption": …} or {"captions": […]}), a WebDataset .tar or .tar.zst, or
      a .csv or .tsv table. What cannot be used is left out and counted by reason.

      Example: clip pack my-pictures --into my-shards --resize 256
      """)

  @Argument(help: "Folders, tars and tables to pack, one behind the other.")
  var input: [String]

  @Option(help: ArgumentHelp("Where the shards go: a new or empty directory.", valueName: "dir"))
  var into: String

  @Option(parsing: .unconditional, help: ArgumentHelp("Shrink pictures to this shortest side.", valueName: "px"))
  var resize: Int?

  @Option(help: ArgumentHelp("Lay transparent pictures on white, black or #rrggbb.", valueName: "color"))
  var background: Color?

  @Flag(help: "Turn pictures as their EXIF data ask for.")
  var orient = false

  @Option(parsing: .unconditional, help: ArgumentHelp("Samples of a shard.", valueName: "n"))
  var samplesPerShard = 10_000

  @Option(parsing: .unconditional, help: ArgumentHelp("zstd's level, 1 to 19.", valueName: "l"))
  var level = 3

  @Option(help: ArgumentHelp("The column of a table that holds paths of pictures.", valueName: "name"))
  var imageColumn = "filepath"

  @Option(help: ArgumentHelp("The column of a table that holds captions.", valueName: "name"))
  var captionColumn = "title"

  @OptionGroup var threads: ThreadOption
  @OptionGroup var output: Output

  func validate() throws {
    guard resize.map({ (1...65535).contains($0) }) ?? true else {
      throw ValidationError("--resize: expected 1 to 65535 pixels")
    }
    guard samplesPerShard > 0 else { throw ValidationError("--samples-per-shard: expected at least 1") }
    guard (1...19).contains(level) else { throw ValidationError("--level: expected 1 to 19") }
  }

  func run() throws {
    let preparer = PicturePreparer(
      shortestSide: resize, options: DecodingOptions(background: background?.rgb, appliesOrientation: orient))
    let packer = try Packer(
      samplesPerShard: samplesPerShard, level: level, threads: threads.count, prepare: preparer.prepare)
    var meter = Meter("samples")
    let inputs = try input.map { try PackInput($0, imageColumn: imageColumn, captionColumn: captionColumn) }
    let packing = try packer.pack(inputs, into: into) { progress in
      meter.show(progress.samples, progress.dropped > 0 ? ", \(progress.dropped) left out" : "")
    }
    meter.end()
    try output.show(packing) {
      let index = packing.index
      let bytes = index.shards.reduce(0) { $0 + $1.bytes }
      var text =
        "\(into): \(counted(index.samples, "sample")) in \(counted(index.shards.count, "shard")), \(bytes) bytes"
      for (reason, count) in index.dropped.sorted(by: { $0.key < $1.key }) {
        let names = packing.examples[reason] ?? []
        let shown = names.joined(separator: ", ") + (names.count < count ? ", …" : "")
        text += "\n  left out: \(count) \(reason)" + (names.isEmpty ? "" : " (\(shown))")
      }
      return text
    }
  }
}
