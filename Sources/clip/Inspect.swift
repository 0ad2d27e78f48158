import ArgumentParser
import Evaluation
import Files
import Images
import Shards

/// Shows what a dataset holds.
struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show what a dataset holds: counts, sizes, what was left out, a few captions and pictures.",
    discussion: """
      Example:
        clip inspect my-shards
        clip inspect my-shards --show 40 --sheet my-shards.png
      """)

  @Argument(help: ArgumentHelp("A dataset.", valueName: "dir"))
  var directory: String

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("How many samples to show, from all over the dataset, and to draw.", valueName: "n"))
  var show: Int?

  @Option(
    help: ArgumentHelp(
      "Where their pictures are drawn, as a PNG; with --show and without this, in the directory's name with .png.",
      valueName: "file"), transform: PNGFile.path)
  var sheet: String?

  @OptionGroup var output: Output

  private static let usualCount = 5
  private static let columns = 6
  /// Pixels kept of a picture's shortest side until it is drawn.
  private static let thumbnail = 320

  func validate() throws {
    guard show ?? 1 > 0 else { throw ValidationError("--show: expected at least 1") }
  }

  func run() throws {
    let dataset = try ShardDataset(directory)
    let count = show ?? Self.usualCount
    let found = try Inspection(of: dataset, captions: count)
    let sheet = sheet ?? (show == nil ? nil : "\(Self.lastComponent(of: directory)).png")
    if let sheet { try draw(dataset, count, to: sheet) }
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
      if let sheet { lines.append("pictures  \(sheet)") }
      return lines.joined(separator: "\n")
    }
  }

  /// The name of a directory, whatever dots and slashes its path ends with.
  private static func lastComponent(of path: String) -> String {
    let parts = path.split(separator: "/").filter { $0 != "." && $0 != ".." }
    return parts.last.map(String.init) ?? "dataset"
  }

  private func draw(_ dataset: ShardDataset, _ count: Int, to path: String) throws {
    let cells = try Inspection.places(count, among: dataset.count).map { place in
      let sample = try dataset.sample(at: place)
      // A picture that cannot be decoded is shown as what it is: none.
      let picture = try? Picture.decode(sample.picture).shrunk(toShortestSide: Self.thumbnail)
      return ContactSheet.Cell(
        width: picture?.width ?? 1, height: picture?.height ?? 1, rgb: picture?.pixels ?? [255, 255, 255],
        label: picture == nil ? "cannot be decoded" : sample.key, caption: sample.caption.trimmed)
    }
    let rows = stride(from: 0, to: cells.count, by: Self.columns).map { start in
      let end = min(start + Self.columns, cells.count)
      return ContactSheet.Row(
        heading: start == 0 ? "\(directory): \(cells.count) of \(counted(dataset.count, "sample"))" : "",
        cells: Array(cells[start..<end]))
    }
    try ContactSheet(rows: rows).write(to: path)
  }
}
