import ArgumentParser
import Images
import Shards

/// Packs captioned pictures into shards.
struct Pack: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Pack captioned pictures into shards.",
    discussion: """
      INPUT is one of
        a folder       pictures, at any depth, with NAME.txt, or NAME.json holding {"caption": …} or {"captions": […]};
                       or one folder a class, with --caption-template
        a WebDataset   .tar, .tar.gz, .tgz or .tar.zst, or a folder of them, as img2dataset leaves it
        a table        .csv or .tsv with a header: paths of pictures, and captions
        MDS shards     a directory MosaicML's streaming has written
      What cannot be used is left out and counted by reason. The same command again goes on with a packing that was
      stopped, whatever stopped it, and ends with the same bytes.

      Example: clip pack my-pictures --into my-shards --resize 256
      """)

  @Argument(help: "Folders, tars and tables to pack, one behind the other.")
  var input: [String]

  @Option(help: ArgumentHelp("Where the shards go: a new or empty directory.", valueName: "dir"))
  var into: String

  @Option(parsing: .unconditional, help: ArgumentHelp("Shrink pictures to this shortest side.", valueName: "px"))
  var resize: Int?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "JPEG quality, 1 to 100, of pictures that are changed (default: 95). 85 takes half the bytes, and three quarters of the time to decode.",
      valueName: "q"))
  var quality: Int?

  @Option(
    parsing: .unconditional, help: ArgumentHelp("Leave out pictures with a shorter shortest side.", valueName: "px"))
  var minSide: Int?

  @Option(
    help: ArgumentHelp(
      "Pack a picture only the first time: exact compares files, near what they look like.", valueName: "kind"),
    transform: Pack.duplicates)
  var dropDuplicates: Duplicates?

  @Option(help: ArgumentHelp("Lay transparent pictures on white, black or #rrggbb.", valueName: "color"))
  var background: Color?

  @Flag(help: "Turn pictures as their EXIF data ask for.")
  var orient = false

  @Option(parsing: .unconditional, help: ArgumentHelp("Samples of a shard.", valueName: "n"))
  var samplesPerShard = 10_000

  @Option(parsing: .unconditional, help: ArgumentHelp("zstd's level, 1 to 19.", valueName: "l"))
  var level = 3

  @Option(
    help: ArgumentHelp(
      "The column of a table that holds paths of pictures (default: filepath), or of MDS shards that holds pictures.",
      valueName: "name"))
  var imageColumn: String?

  @Option(
    help: ArgumentHelp(
      "The column of a table (default: title) or of MDS shards that holds captions.", valueName: "name"))
  var captionColumn: String?

  @Option(
    help: ArgumentHelp(
      "The field of the JSON beside pictures that holds the caption, or an array of captions; .txt files then do not count.",
      valueName: "name"))
  var captionField: String?

  @Option(
    help: ArgumentHelp(
      "The caption of pictures that have none: {} stands for the name of the folder they lie in.", valueName: "text"))
  var captionTemplate: String?

  @OptionGroup var threads: ThreadOption
  @OptionGroup var output: Output

  func validate() throws {
    for (name, value) in [("--resize", resize), ("--min-side", minSide)] {
      guard value.map({ (1...65535).contains($0) }) ?? true else {
        throw ValidationError("\(name): expected 1 to 65535 pixels")
      }
    }
    if let quality {
      guard (1...100).contains(quality) else { throw ValidationError("--quality: expected 1 to 100") }
      guard resize != nil || orient || background != nil else {
        throw ValidationError(
          "--quality: pictures keep their bytes unless --resize, --orient or --background changes them; give one of these"
        )
      }
    }
    guard samplesPerShard > 0 else { throw ValidationError("--samples-per-shard: expected at least 1") }
    guard (1...19).contains(level) else { throw ValidationError("--level: expected 1 to 19") }
    guard captionTemplate?.contains("{}") ?? true else {
      throw ValidationError(
        "--caption-template: expected {} where the name of the class goes, as in \"a photo of a {}\"")
    }
  }

  func run() throws {
    let inputs = try input.flatMap {
      try PackInput.inputs(
        at: $0,
        PackInput.Options(
          imageColumn: imageColumn, captionColumn: captionColumn, captionTemplate: captionTemplate))
    }
    var meter = Meter("samples")
    let packing = try packer().pack(inputs, into: into) { progress in
      meter.show(
        progress.samples, of: progress.fraction, from: progress.start,
        progress.dropped > 0 ? ", \(progress.dropped) left out" : "")
    }
    meter.end()
    try output.show(packing) { summary(packing) }
  }

  private static func duplicates(_ text: String) throws -> Duplicates {
    guard let kind = Duplicates(rawValue: text) else {
      throw ValidationError("expected \(Duplicates.allCases.map(\.rawValue).joined(separator: " or "))")
    }
    return kind
  }

  private func packer() throws -> Packer {
    let preparer = PicturePreparer(
      shortestSide: resize, quality: quality ?? PicturePreparer.defaultQuality, smallestSide: minSide,
      takesLooks: dropDuplicates == .near,
      options: DecodingOptions(background: background?.rgb, appliesOrientation: orient))
    let settings: [String: String?] = [
      "--resize": resize.map { "\($0)" },
      // Not noted is the default, as by programs that knew no other.
      "--quality": quality.flatMap { $0 == PicturePreparer.defaultQuality ? nil : "\($0)" },
      "--min-side": minSide.map { "\($0)" },
      "--background": background.map(\.text), "--orient": orient ? "given" : nil,
      "--image-column": imageColumn, "--caption-column": captionColumn, "--caption-template": captionTemplate,
    ]
    return try Packer(
      samplesPerShard: samplesPerShard, level: level, threads: threads.count, captionField: captionField,
      duplicates: dropDuplicates, settings: settings.compactMapValues { $0 }, prepare: preparer.prepare)
  }

  private func summary(_ packing: Packing) -> String {
    let index = packing.index
    let bytes = index.shards.reduce(0) { $0 + $1.bytes }
    var text = "\(into): \(counted(index.samples, "sample")) in \(counted(index.shards.count, "shard")), \(bytes) bytes"
    if packing.resumedShards > 0 {
      text += "\n  went on behind \(counted(packing.resumedShards, "shard")) of an earlier command"
    }
    for (reason, count) in index.dropped.sorted(by: { $0.key < $1.key }) {
      let names = packing.examples[reason] ?? []
      let shown = names.map(\.printableOnOneLine).joined(separator: ", ") + (names.count < count ? ", …" : "")
      text += "\n  left out: \(count) \(reason)" + (names.isEmpty ? "" : " (\(shown))")
    }
    return text
  }
}
