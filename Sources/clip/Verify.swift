import ArgumentParser
import Checkpoints
import Files
import Shards

/// Looks for damage in a dataset, a checkpoint or a whole run.
struct Verify: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Check every digest of a dataset, a checkpoint or a run; name what is broken.",
    discussion: "Example: clip verify my-shards")

  @Argument(help: ArgumentHelp("A dataset, a checkpoint or a run.", valueName: "dir"))
  var directory: String

  @Flag(help: "Compare sizes and tables only, without reading the contents.")
  var fast = false

  @OptionGroup var threads: ThreadOption
  @OptionGroup var output: Output

  private struct Report: Encodable {
    let directory: String
    let kind: String
    let problems: [String]
  }

  func run() throws {
    let report = try look()
    try output.show(report) {
      report.problems.isEmpty
        ? "\(directory): the \(report.kind) \(fast ? "has the sizes and tables it should; its contents were not read" : "is sound")"
        : report.problems.joined(separator: "\n")
    }
    if !report.problems.isEmpty { throw ExitCode(74) }
  }

  private func look() throws -> Report {
    if ["index.json", "packing.jsonl"].contains(where: { Directory.exists("\(directory)/\($0)") }) {
      let problems = ShardDataset.verify(directory, isFast: fast, threads: threads.count)
      return Report(directory: directory, kind: "dataset", problems: problems.map(\.description))
    }
    if Directory.exists(directory + "/MANIFEST.json") {
      return Report(
        directory: directory, kind: "checkpoint", problems: Checkpoint(directory).problems(contents: !fast))
    }
    let checkpoints = try CheckpointStore(directory).list()
    guard !checkpoints.isEmpty else {
      throw FileError(
        directory, "holds neither a dataset (index.json), a checkpoint (MANIFEST.json) nor a run (step-*)")
    }
    let problems = checkpoints.flatMap { checkpoint in
      let problems = checkpoint.problems(contents: !fast)
      // A run that goes on may have removed it meanwhile.
      return Directory.exists(checkpoint.directory) ? problems : []
    }
    return Report(directory: directory, kind: "run", problems: problems)
  }
}
