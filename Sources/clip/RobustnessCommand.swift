import ArgumentParser
import Collectives
import Evaluation
import Files
import Foundation
import Towers

/// Measures how much of its accuracy a model keeps on data that differ from the reference set.
struct RobustnessCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "robustness",
    abstract: "Compare how much accuracy a model keeps on other data with reference models.",
    discussion: """
      A table of accuracies has the columns model, shift, reference and shifted (.csv, .tsv), or is a JSON list of objects
      with these keys: the accuracy of a model on the reference set, restricted to the classes of the other set where that
      has fewer, and on the other set, both between 0 and 1:
        model,shift,reference,shifted
        resnet50,imagenetv2,0.761,0.632
        resnet50,imagenet-r,0.925,0.361
      The reference models are those of --table. Models to compare with them are in --measured, or measured by zero-shot
      classification: --weights, --reference and --shifted; data are as for clip evaluate zero-shot.

      For each other set, and for the means over all, a line is fitted through the reference models, both axes logits:
      logit(shifted) = slope · logit(reference) + intercept. Effective robustness is how far a model's accuracy on the
      other set is above that line, relative robustness how far above that of the --baseline it was made from. Gap
      reduction is the share of the loss expected of it that it does not have. The 95 % intervals are from fits through
      resampled reference models; they say nothing of the error of a model's own accuracy.

      Example:
        clip evaluate robustness --table models.csv --measured mine.csv
        clip evaluate robustness --table models.csv --weights my-run \\
          --reference val --shifted imagenetv2=v2 imagenet-r=renditions
      """)

  @Option(help: ArgumentHelp("Accuracies of the reference models.", valueName: "file"))
  var table: String

  @Option(help: ArgumentHelp("Accuracies of the models to compare with them.", valueName: "file"))
  var measured: String?

  @Option(
    help: ArgumentHelp("A model to measure: what clip evaluate zero-shot takes.", valueName: "path"))
  var weights: String?

  @Option(help: ArgumentHelp("The reference set.", valueName: "path"))
  var reference: String?

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("Other sets, each called as in the table.", valueName: "name=path"))
  var shifted: [String] = []

  @Option(help: ArgumentHelp("What to call the model that is measured (default: its --weights).", valueName: "name"))
  var name: String?

  @Option(
    help: ArgumentHelp(
      "What classes are described with: see clip evaluate zero-shot (default: photo).", valueName: "set|file"))
  var templates: String?

  @Option(help: ArgumentHelp("A model of either table that the others were made from.", valueName: "name"))
  var baseline: String?

  @Option(
    parsing: .unconditional, help: ArgumentHelp("Fits for the intervals (default: 1000).", valueName: "n"))
  var resamples: Int?

  @Option(help: "Of the draws of reference models.")
  var seed: UInt64 = 0

  @OptionGroup var labels: LabelOptions
  @OptionGroup var threads: ThreadOption
  @OptionGroup var output: Output

  func validate() throws {
    guard measured != nil || weights != nil else {
      throw ValidationError("name --measured, or --weights with --reference and --shifted, or both")
    }
    if weights != nil {
      guard reference != nil, !shifted.isEmpty else {
        throw ValidationError("--weights: name the data to measure it on as well, --reference and --shifted")
      }
    } else if reference != nil || !shifted.isEmpty || name != nil {
      throw ValidationError("--reference, --shifted and --name are for a model to measure: name its --weights as well")
    }
    guard (1...1_000_000).contains(resamples ?? 1) else {
      throw ValidationError("--resamples: expected 1 to 1000000")
    }
    let names = try sets.map(\.name)
    guard Set(names).count == names.count else { throw ValidationError("--shifted: two sets have the same name") }
  }

  /// The other sets' names and paths.
  private var sets: [(name: String, path: String)] {
    get throws {
      try shifted.map { text in
        let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
        guard parts.count == 2 else {
          throw ValidationError("--shifted: expected NAME=PATH, with a name of the table, found \"\(text)\"")
        }
        return (parts[0], parts[1])
      }
    }
  }

  func run() throws {
    threads.apply()
    try World.run { world in
      let known = try AccuracyTable(contentsOf: table)
      let given = try measured.map { try AccuracyTable(contentsOf: $0).rows } ?? []
      let own = try measure(in: world)
      guard world.isFirst else { return }
      let report = try RobustnessReport(
        table: known, measured: AccuracyTable(given + own, of: measured ?? weights ?? table), baseline: baseline,
        resamples: resamples ?? 1000, seed: seed)
      try output.show(report) { text(report) }
    } onError: { error, world in
      Failure.report(error, of: world)
    }
  }

  /// What zero-shot classification finds.
  private func measure(in world: any Communicator) throws -> [ShiftedAccuracy] {
    guard let weights, let reference else { return [] }
    var option = WeightsOption()
    option.path = weights
    let prompts = try PromptTemplates(templates ?? "photo")
    let encoder = try Encoder(option.open(in: world), threads: threads.count)
    func embed(_ pictures: LabelledPictures) throws -> LabelledFeatures {
      var meter = WorldMeter("pictures", in: world)
      defer { meter.end() }
      let found = try LabelledFeatures(of: pictures, .embedding, by: encoder, in: world) { meter.show($0) }
      if world.isFirst { found.warnings.forEach { Failure.tell("warning: \($0)") } }
      return found
    }
    let pictures = try labels.open(reference, known: labels.known(), templates: prompts.templates)
    // All data are opened before the long work begins.
    let others = try sets.map { set in
      (set.name, try labels.open(set.path, known: pictures.classes, templates: prompts.templates))
    }
    let classifier = try ZeroShotClassifier(pictures.classes, prompts, by: encoder, in: world)
    return try ZeroShotShifts(
      model: name ?? weights, classifier, reference: embed(pictures),
      shifted: others.map { ($0.0, try embed($0.1)) }
    ).accuracies
  }

  private func text(_ report: RobustnessReport) -> String {
    (report.shifts + [report.mean].compactMap(\.self)).map { shift in
      let line = String(
        format: "%@: logit(shifted) = %.3f [%.3f, %.3f] · logit(reference) %+.3f [%.3f, %.3f], %d reference models",
        shift.shift, shift.slope, shift.slopeInterval.low, shift.slopeInterval.high, shift.intercept,
        shift.interceptInterval.low, shift.interceptInterval.high, shift.referenceModels)
      let width = max(5, shift.models.map(\.model.count).max() ?? 0)
      let header =
        "  " + Self.padded("model", width)
        + "  reference  shifted  expected  effective        95 %         gap reduction  relative"
      let models = shift.models.map { each in
        "  " + Self.padded(each.model, width)
          + String(
            format: "  %9.4f  %7.4f  %8.4f  %+9.4f  [%+.4f, %+.4f]  ", each.reference, each.shifted, each.expected,
            each.effectiveRobustness, each.effectiveInterval.low, each.effectiveInterval.high)
          + (each.gapReduction.map { String(format: "%11.1f %%", 100 * $0) } ?? "            –")
          + (each.relativeRobustness.map { String(format: "  %+8.4f", $0) } ?? "         –")
      }
      return ([line, header] + models).joined(separator: "\n")
    }
    .joined(separator: "\n")
  }

  private static func padded(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }
}
