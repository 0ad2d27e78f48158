import ArgumentParser
import Checkpoints
import Evaluation
import Files
import Shards

/// Writes a run down as a page.
struct Report: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show a run as a page: its curves, and what it makes of pictures and captions.",
    discussion: """
      One file that needs no network: curves of the journal, results on validation data, recipe and machine. With \
      --data, best one it did not train on, also similarities, what is found best and worst, and what is confused. \
      Works on a run that is still going on.

      Example:
        clip report my-run --data held-out-shards
      """)

  @Argument(help: ArgumentHelp("The run's directory.", valueName: "run"))
  var directory: String

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("Datasets to show pairs of, taken together as one.", valueName: "dir"))
  var data: [String] = []

  @Option(help: ArgumentHelp("Where the page goes (default: report.html in the run's directory).", valueName: "file"))
  var into: String?

  @Option(
    help: ArgumentHelp("What to look at the pairs with; as elsewhere (default: the run).", valueName: "path"))
  var weights: String?

  @OptionGroup var threads: ThreadOption
  @OptionGroup var output: Output

  private struct Written: Encodable {
    let file: String
    let bytes: Int
    let steps: Int
    let points: Int
    let pairs: Int
  }

  func validate() throws {
    guard weights == nil || !data.isEmpty else {
      throw ValidationError("--weights: only looks at pairs, so name a dataset with --data")
    }
  }

  func run() throws {
    let run = try RunRecord(directory)
    let study = data.isEmpty ? nil : try look()
    let page = ReportPage(run, study)
    let path = into ?? directory + "/report.html"
    try page.write(to: path)
    let written = Written(
      file: path, bytes: page.html.text.utf8.count, steps: run.history.lines, points: run.history.stretches.count,
      pairs: study?.studied ?? 0)
    try output.show(written) {
      let pairs = study.map { ", \(counted($0.studied, "pair")) of \(data.joined(separator: ", "))" } ?? ""
      return "\(path): \(counted(written.steps, "step"))\(pairs)"
    }
  }

  /// What the model makes of the datasets.
  private func look() throws -> PairStudy {
    threads.apply()
    let samples = try ShardCollection(data)
    let weights = try Weights.open(self.weights ?? directory)
    weights.warnings.forEach { Failure.tell("warning: \($0)") }
    let encoder = try Encoder(weights, threads: threads.count)
    var meter = Meter("pictures")
    defer { meter.end() }
    return try PairStudy(encoder, samples, named: (weights.path, data.joined(separator: ", "))) { meter.show($0) }
  }
}
