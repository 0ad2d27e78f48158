import ArgumentParser
import Checkpoints
import Files
import Foundation

/// Lists the checkpoints of a run.
struct CheckpointsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "checkpoints",
    abstract: "List a run's checkpoints: step, size, age, and whether each can be trusted.",
    discussion: "Example: clip checkpoints checkpoints/my-run")

  @Argument(help: ArgumentHelp("A run.", valueName: "run"))
  var directory: String

  @Flag(help: "Compare sizes only, without reading the contents.")
  var fast = false

  @OptionGroup var output: Output

  private struct Line: Encodable {
    let step: Int
    let directory: String
    let bytes: Int
    let ageSeconds: Int
    let isValid: Bool
    let problems: [String]

    enum CodingKeys: String, CodingKey {
      case step, directory, bytes, problems
      case ageSeconds = "age_seconds"
      case isValid = "valid"
    }
  }

  func run() throws {
    guard Directory.isDirectory(directory) else { throw FileError(directory, "is not there: expected a run") }
    let checkpoints = try CheckpointStore(directory).list()
    guard !checkpoints.isEmpty || Directory.exists("\(directory)/recipe.json") else {
      throw FileError(directory, "is no run: it holds neither checkpoints nor recipe.json")
    }
    let lines = try checkpoints.compactMap { checkpoint -> Line? in
      let problems = checkpoint.problems(contents: !fast)
      let found = Result { try Directory.sizeAndTime(of: checkpoint.directory) }
      // A run that goes on may have removed it meanwhile.
      guard Directory.exists(checkpoint.directory) else { return nil }
      let (bytes, changed) = try found.get()
      return Line(
        step: checkpoint.step ?? 0, directory: checkpoint.directory, bytes: bytes,
        ageSeconds: max(0, Int(Date().timeIntervalSince1970) - changed), isValid: problems.isEmpty, problems: problems)
    }
    try output.show(lines) {
      guard !lines.isEmpty else { return "\(directory) holds no checkpoints" }
      let rows =
        [["step", "size", "age", "valid"]]
        + lines.map { line in
          [
            "\(line.step)", ByteCountFormatter.string(fromByteCount: Int64(line.bytes), countStyle: .decimal),
            Self.duration(line.ageSeconds), line.isValid ? "yes" : "no: \(line.problems[0])",
          ]
        }
      let widths = (0..<3).map { column in rows.map { $0[column].count }.max() ?? 0 }
      return rows.map { row in
        zip(row, widths).map { String(repeating: " ", count: $1 - $0.count) + $0 }.joined(separator: "  ") + "  "
          + row[3]
      }
      .joined(separator: "\n")
    }
    if lines.contains(where: { !$0.isValid }) { throw ExitCode(74) }
  }

  private static func duration(_ seconds: Int) -> String {
    switch seconds {
    case ..<120: "\(seconds) s"
    case ..<7200: "\(seconds / 60) min"
    case ..<172_800: "\(seconds / 3600) h"
    default: "\(seconds / 86_400) days"
    }
  }
}
