import ArgumentParser
import Collectives
import Evaluation
import Foundation

/// Measures features by a logistic regression on them.
struct LinearProbeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "linear-probe",
    abstract: "Train a logistic regression on a model's frozen features, and measure it.",
    discussion: """
      --train, --validation and --test are each one of
        a folder   with a folder for each class, and its pictures in it at any depth
        a table    .csv or .tsv with a header: paths of pictures, and classes
        a dataset  of clip pack; a sample's class is told by --train-labels and its like, by --class-field, or by a caption
                   that is the name of a class of --classes or a --caption-template about it
        features   .safetensors, as --save-features writes them: features (pictures, numbers), labels (pictures)
      Classes are those of --train that have pictures. Pictures that cannot be decoded are left out and counted.

      The regression is scikit-learn's LogisticRegression (multinomial, L2, L-BFGS, 1000 steps at most). As in CLIP's paper,
      λ = 1/C is searched on the validation split: of 97 values from 1e-6 to 1e6 every sixteenth, then those 8, 4, 2 and 1
      away from the best; of equals the largest λ is taken. Without --validation a fifth of each class of --train is set
      aside, drawn by --seed. Then training and validation split are trained on together. Ranks share the fits of the
      search; their number, and that of threads, changes no figure.

      The paper judges FGVC Aircraft, Oxford Pets, Caltech101 and Flowers102 by mean-per-class, Kinetics700 by top-1-and-5,
      Hateful Memes by roc-auc and the others by accuracy, apart from VOC2007, whose pictures have several classes.

      Example:
        clip evaluate linear-probe --weights my-run --train folders/train --test folders/test
      """)

  @OptionGroup var probe: ProbeOptions

  @Option(help: "Of the draw of a validation split, where none is given.")
  var seed: UInt64 = 0

  @Option(
    help: ArgumentHelp(
      "Write what was trained, as .safetensors: weight (classes, numbers) and bias (classes).", valueName: "file"))
  var classifier: String?

  @OptionGroup var threads: ThreadOption
  @OptionGroup var output: Output

  func run() throws {
    threads.apply()
    try World.run { world in
      let splits = try probe.splits(by: probe.encoder(threads, in: world), in: world)
      var settings = probe.settings
      settings.seed = seed
      var meter = WorldMeter("fits", in: world)
      let found = try LinearProbe(splits, settings, in: world) { meter.show($0) }
      meter.end()
      guard world.isFirst else { return }
      if !found.report.hasConverged {
        Failure.tell(
          "warning: the fit ended after \(counted(found.report.iterations, "step")) without reaching its minimum: a "
            + "smaller C, or a larger --max-iterations or --tolerance, does")
      }
      try classifier.map { try found.write(to: $0) }
      try output.show(found.report) { text(found.report) }
    } onError: { error, world in
      Failure.report(error, of: world)
    }
  }

  private func text(_ report: LinearProbeReport) -> String {
    let validation = report.validation.map { " and chosen on \($0.samples)" } ?? ""
    let figures: [(String, Double?)] = [
      ("top-1", report.figures.top1), ("top-5", report.figures.top5), ("mean per class", report.figures.meanPerClass),
      ("ROC AUC", report.figures.rocAUC),
    ]
    let lines = figures.compactMap { name, value in
      value.map { name.padding(toLength: 16, withPad: " ", startingAt: 0) + String(format: "%8.4f", $0) }
    }
    let tried = report.search.isEmpty ? "" : ", the best of \(report.search.count)"
    return
      ([
        "\(counted(report.test.samples, "picture")) of \(report.classes) classes; trained on \(report.train.samples)"
          + validation + ", \(report.dimension) numbers each"
      ] + lines + [
        String(format: "C %.4g", report.c) + tried + ", \(counted(report.iterations, "step"))",
        "judged by \(report.metric): " + String(format: "%.4f", report.score),
      ])
      .joined(separator: "\n")
  }
}
