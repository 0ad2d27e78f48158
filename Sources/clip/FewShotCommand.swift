import ArgumentParser
import Collectives
import Evaluation
import Foundation

/// Measures features by logistic regressions on a few examples.
struct FewShotCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "few-shot",
    abstract: "Train logistic regressions on a few examples of each class, and measure them.",
    discussion: """
      Data and regression are those of clip evaluate linear-probe. For each of --seeds, k examples of each class are drawn
      from --train, those of a smaller k among those of a larger one; what is printed is the mean over the draws and
      their standard deviation. The paper does not say which C its few-shot probes have: it is 0.316, that of the
      example in CLIP's README, unless --c tells another or --validation data to search it on, for each draw.

      With --templates, or --classes, zero-shot classification of the same pictures is measured as well, and how many examples a
      class the probe needs to be as good: between the numbers of examples by a line over their logarithm.

      Example:
        clip evaluate few-shot --weights my-run --train folders/train --test folders/test --templates photo
      """)

  @OptionGroup var probe: ProbeOptions

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("Examples of each class (default: 1 2 4 8 16).", valueName: "k"))
  var shots: [Int] = []

  @Option(
    parsing: .unconditional, help: ArgumentHelp("How many times to draw examples (default: 5).", valueName: "n"))
  var seeds: Int?

  @Option(
    help: ArgumentHelp(
      "What zero-shot classification describes classes with: see clip evaluate zero-shot.", valueName: "set|file"))
  var templates: String?

  @OptionGroup var threads: ThreadOption
  @OptionGroup var output: Output

  func validate() throws {
    guard shots.allSatisfy({ $0 > 0 }) else { throw ValidationError("--shots: expected at least 1 of each class") }
    guard (1...10000).contains(seeds ?? 1) else { throw ValidationError("--seeds: expected 1 to 10000") }
    guard templates == nil || probe.weights != nil else {
      throw ValidationError("--templates: zero-shot classification needs the --weights as well")
    }
  }

  func run() throws {
    threads.apply()
    try World.run { world in
      let prompts = try PromptTemplates(templates ?? "photo")
      let encoder = try probe.encoder(threads, in: world)
      let splits = try probe.splits(by: encoder, templates: prompts.templates, in: world)
      var settings = FewShot.Settings()
      settings.shots = shots.isEmpty ? settings.shots : shots
      settings.seeds = seeds ?? settings.seeds
      settings.probe = probe.settings
      var zeroShot: Double?
      if let encoder, templates != nil || probe.labels.classes != nil {
        zeroShot = try FewShot.zeroShot(splits, prompts, settings.probe.metric, by: encoder, in: world)
      }
      var meter = WorldMeter("probes", in: world)
      let found = try FewShot(splits, settings, zeroShot: zeroShot, in: world) { meter.show($0) }
      meter.end()
      guard world.isFirst else { return }
      try output.show(found.report) { text(found.report) }
    } onError: { error, world in
      Failure.report(error, of: world)
    }
  }

  private func text(_ report: FewShotReport) -> String {
    var lines = [
      "\(counted(report.testSamples, "picture")) of \(report.classes) classes, \(report.metric) over "
        + counted(report.seeds, "draw")
    ]
    if let zeroShot = report.zeroShot { lines.append(String(format: "zero-shot %8.4f", zeroShot)) }
    for each in report.shots {
      let deviation = each.standardDeviation.map { String(format: " ± %.4f", $0) } ?? ""
      lines.append(
        "\(each.shots)-shot".padding(toLength: 9, withPad: " ", startingAt: 0)
          + String(format: " %8.4f", each.mean) + deviation)
    }
    if report.zeroShot != nil, let first = report.shots.first, let last = report.shots.last {
      lines.append(
        report.zeroShotEqualsShots.map { shots in
          shots == Double(first.shots)
            ? "zero-shot equals \(first.shots)-shot or fewer" : String(format: "zero-shot equals %.1f-shot", shots)
        } ?? "zero-shot is better than \(last.shots)-shot")
    }
    return lines.joined(separator: "\n")
  }
}
