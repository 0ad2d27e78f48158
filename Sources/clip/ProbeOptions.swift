public import ArgumentParser
import Collectives
public import Evaluation
import Files
import Tensors
import Towers

/// What probes are trained and measured on.
struct ProbeOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "A run, a checkpoint, a model's directory of open_clip or Transformers, or a file; not needed where all data are "
        + "files of features.",
      valueName: "path"))
  var weights: String?

  @Option(help: ArgumentHelp("What to train on.", valueName: "path"))
  var train: String

  @Option(help: ArgumentHelp("What to choose C on.", valueName: "path"))
  var validation: String?

  @Option(help: ArgumentHelp("What to measure on.", valueName: "path"))
  var test: String

  @Option(
    help: ArgumentHelp(
      "image: what is projected, as in CLIP's paper (default); projected: what is behind the projection, as in CLIP's own "
        + "example. A ModifiedResNet's are the same.",
      valueName: "image|projected"))
  var features: ProbeFeatures?

  @Option(
    help: ArgumentHelp(
      "accuracy (default), mean-per-class, top-1-and-5 or roc-auc: what the data are judged by.", valueName: "metric"))
  var metric: ProbeMetric?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("C, the inverse of the strength of the penalty.", valueName: "number"))
  var c: Double?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("The largest number of the gradient at a minimum (default: 0.0001).", valueName: "number"))
  var tolerance: Double?

  @Option(
    parsing: .unconditional, help: ArgumentHelp("The most steps of a fit (default: 1000).", valueName: "n"))
  var maxIterations: Int?

  @Option(
    help: ArgumentHelp(
      "Write the features of each split: train, validation and test.safetensors. They can be given as data.",
      valueName: "folder"))
  var saveFeatures: String?

  @Option(help: ArgumentHelp("A table with the columns key and class, for a packed --train.", valueName: "file"))
  var trainLabels: String?

  @Option(help: ArgumentHelp("The same for --validation.", valueName: "file"))
  var validationLabels: String?

  @Option(help: ArgumentHelp("The same for --test.", valueName: "file"))
  var testLabels: String?

  @OptionGroup var labels: LabelOptions

  func validate() throws {
    func isPositive(_ number: Double?) -> Bool { number.map { $0 > 0 && $0.isFinite } ?? true }
    guard isPositive(c) else { throw ValidationError("--c: expected a number above 0") }
    guard isPositive(tolerance) else { throw ValidationError("--tolerance: expected a number above 0") }
    guard maxIterations ?? 1 > 0 else { throw ValidationError("--max-iterations: expected at least 1") }
    guard validation != nil || validationLabels == nil else {
      throw ValidationError("--validation-labels: there is no --validation")
    }
    for (name, path, table) in [
      ("train", train, trainLabels), ("validation", validation ?? "", validationLabels), ("test", test, testLabels),
    ] {
      if Self.isFeatures(path) {
        guard table == nil else { throw ValidationError("--\(name)-labels: \(path) has labels of its own") }
      } else if !path.isEmpty, weights == nil {
        throw ValidationError("--weights: needed to see the pictures of --\(name) \(path)")
      }
    }
  }

  /// How to train.
  var settings: LinearProbe.Settings {
    var settings = LinearProbe.Settings()
    settings.c = c
    settings.metric = metric ?? settings.metric
    settings.tolerance = tolerance ?? settings.tolerance
    settings.iterations = maxIterations ?? settings.iterations
    return settings
  }

  private static func isFeatures(_ path: String) -> Bool { path.lowercased().hasSuffix(".safetensors") }

  /// The model, if there is one.
  func encoder(_ threads: ThreadOption, in world: any Communicator) throws -> Encoder? {
    try weights.map { path in
      var option = WeightsOption()
      option.path = path
      return try Encoder(option.open(in: world), threads: threads.count)
    }
  }

  /// The features of all splits.
  ///
  /// - Parameter templates: what captions may be, with the name of a class.
  func splits(
    by encoder: Encoder?, templates: [PromptTemplate] = [], in world: any Communicator
  ) throws -> ProbeSplits {
    let known = try labels.known()
    func load(_ path: String, _ table: String?) throws -> LabelledFeatures {
      guard let encoder, !Self.isFeatures(path) else { return try LabelledFeatures(contentsOf: path) }
      let pictures = try labels.open(path, known: known, labels: table, templates: templates)
      var meter = WorldMeter("pictures", in: world)
      defer { meter.end() }
      return try LabelledFeatures(of: pictures, features?.kind ?? .image, by: encoder, in: world) { meter.show($0) }
    }
    let train = try load(train, trainLabels), validation = try validation.map { try load($0, validationLabels) }
    let test = try load(test, testLabels)
    if world.isFirst {
      for warning in [train, validation, test].compactMap(\.self).flatMap(\.warnings) {
        Failure.tell("warning: \(warning)")
      }
    }
    let splits = try ProbeSplits(train: train, validation: validation, test: test)
    if world.isFirst, let saveFeatures {
      try Directory.create(saveFeatures)
      for (name, split) in [("train", train), ("validation", validation), ("test", test)] {
        try split?.write(to: "\(saveFeatures)/\(name).safetensors")
      }
    }
    return splits
  }
}

/// Features that probes can be trained on.
enum ProbeFeatures: String, ExpressibleByArgument, CaseIterable {
  case image, projected

  var kind: PictureFeatures { self == .image ? .image : .projected }
}

extension ProbeMetric: ExpressibleByArgument {}
