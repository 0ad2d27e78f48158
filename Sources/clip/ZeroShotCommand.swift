import ArgumentParser
import Collectives
import Evaluation
import Files

/// Classifies pictures by the names of classes.
struct ZeroShotCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "zero-shot",
    abstract: "Classify pictures by the names of classes, and measure how well.",
    discussion: """
      DATA is one of
        a folder   with a folder for each class, named after it, and its pictures
                   in it at any depth
        a table    .csv or .tsv with a header: paths of pictures, and classes
        a dataset  of clip pack; the class of a sample is told by --labels, by
                   --class-field, or by a caption that is the name of a class or
                   a template about it, of --templates or --caption-template
      A class is described by every template and each of its names; the mean of
      these embeddings stands for it. Average precision and ROC AUC are those of
      the classes' probabilities, each class against all others, and means are
      over the classes that have pictures. Pictures that cannot be decoded, or are
      of none of the classes, are left out and counted.

      A file of classes has one a line: its names, separated by |, and before
      them, if data call it otherwise, LABEL and a tab. If it names none of the
      class folders and has as many classes, they come in the folders' order.
      JSON: ["dog", ["cat", "kitten"]] or {"LABEL": "dog"}.

      Example:
        clip evaluate zero-shot --weights my-run --data class-folders \\
          --templates photo --confusion mistakes.png
      """)

  @OptionGroup var weights: WeightsOption

  @Option(help: ArgumentHelp("A folder of class folders, a table or a dataset.", valueName: "path"))
  var data: String

  @Option(
    help: ArgumentHelp(
      "bare: {}; photo: a photo of a {}. (default); imagenet: CLIP's 80; imagenet7: the best seven of these; or a file "
        + "with a template a line, {} in the place of the name.",
      valueName: "set|file"))
  var templates: String?

  @Option(
    help: ArgumentHelp(
      "A file that --save-classifier wrote: the classes are its own, and nothing is described again.", valueName: "file"
    ))
  var classifier: String?

  @Option(
    help: ArgumentHelp("Write the classes and their embeddings, as .safetensors.", valueName: "file"))
  var saveClassifier: String?

  @Option(help: ArgumentHelp("Write what every picture was taken for, as .csv.", valueName: "file"))
  var predictions: String?

  @Option(
    help: ArgumentHelp(
      "Write how often each class was taken for which, as .csv, or as a picture if the name ends with .png.",
      valueName: "file"))
  var confusion: String?

  @Option(
    name: .customLong("labels"),
    help: ArgumentHelp(
      "A table with the columns key and class, for the samples of a dataset.", valueName: "file"))
  var table: String?

  @OptionGroup var labels: LabelOptions
  @OptionGroup var threads: ThreadOption
  @OptionGroup var output: Output

  func validate() throws {
    if classifier != nil {
      for (name, other) in [
        ("--classes", labels.classes), ("--templates", templates), ("--save-classifier", saveClassifier),
      ] where other != nil {
        throw ValidationError("\(name): the classifier of --classifier has its own classes; leave one of them out")
      }
    }
    guard table == nil || labels.classField == nil else {
      throw ValidationError("--labels and --class-field both tell classes: leave one of them out")
    }
  }

  func run() throws {
    threads.apply()
    try World.run { world in
      // Known before hours of work, not after.
      if world.isFirst {
        for path in [saveClassifier, predictions, confusion].compactMap(\.self) { try FileWriter.check(path) }
      }
      let prompts = try PromptTemplates(templates ?? "photo")
      let known = try labels.known()
      let encoder = try Encoder(weights.open(in: world), threads: threads.count)
      let saved = try classifier.map {
        try ZeroShotClassifier(contentsOf: $0, dimension: encoder.dimension, model: encoder.digest)
      }
      let pictures = try labels.open(
        data, known: saved?.classes ?? known, labels: table,
        templates: saved?.templates.compactMap { PromptTemplate($0) } ?? prompts.templates)
      if world.isFirst { warn(of: pictures) }
      let described =
        try saved?.with(pictures.classes) ?? describe(pictures.classes, prompts, by: encoder, in: world)
      if world.isFirst { try saveClassifier.map { try described.write(to: $0, model: encoder.digest) } }

      var meter = WorldMeter("pictures", in: world)
      let found = try ZeroShotEvaluation(pictures, by: encoder, described, in: world) { meter.show($0) }
      meter.end()
      guard world.isFirst else { return }
      warn(of: found)
      try predictions.map { try found.predictions.write(to: $0) }
      try confusion.map { try found.confusion.write(to: $0) }
      try output.show(found.report) { ZeroShotText(found.report).text }
    } onError: { error, world in
      Failure.report(error, of: world)
    }
  }

  private func describe(
    _ classes: ClassList, _ prompts: PromptTemplates, by encoder: Encoder, in world: any Communicator
  ) throws -> ZeroShotClassifier {
    var meter = WorldMeter("classes", in: world)
    defer { meter.end() }
    return try ZeroShotClassifier(classes, prompts, by: encoder, in: world) { meter.show($0) }
  }

  private func warn(of pictures: LabelledPictures) {
    for warning in pictures.warnings { Failure.tell("warning: \(warning)") }
    let equal = pictures.classes.indistinguishable
    if !equal.isEmpty {
      Failure.tell(
        "warning: \(counted(equal.count, "class label")) share their names, so that nothing tells them apart and the first "
          + "is always taken: \(Self.few(equal))")
    }
  }

  private func warn(of found: ZeroShotEvaluation) {
    for warning in [
      found.undecodable.warning("that cannot be decoded"), found.unlabelled.warning("of none of the classes"),
    ] {
      warning.map { Failure.tell("warning: \($0)") }
    }
    let empty = found.report.perClass.filter { $0.samples == 0 }.map(\.label)
    if !empty.isEmpty {
      Failure.tell(
        "warning: \(empty.count) of \(found.report.classes) classes have no pictures: they can be taken, but are in no mean: "
          + Self.few(empty))
    }
  }

  private static func few(_ names: [String]) -> String {
    names.prefix(3).joined(separator: ", ") + (names.count > 3 ? ", …" : "")
  }
}
