import ArgumentParser
import Evaluation

/// How data tell the classes of pictures, where they leave a choice.
struct LabelOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The classes (default: those that the data name).", valueName: "file"))
  var classes: String?

  @Option(help: ArgumentHelp("The column of a table that holds paths (default: filepath).", valueName: "name"))
  var imageColumn: String?

  @Option(help: ArgumentHelp("The column of a table that holds classes (default: class).", valueName: "name"))
  var classColumn: String?

  @Option(
    help: ArgumentHelp("The field of the JSON of a dataset's samples that holds the class.", valueName: "name"))
  var classField: String?

  @Option(
    help: ArgumentHelp("The template that a dataset's captions were made with.", valueName: "text"))
  var captionTemplate: String?

  func validate() throws {
    guard captionTemplate.map({ PromptTemplate($0) != nil }) ?? true else {
      throw ValidationError("--caption-template: expected {} where the name of the class goes")
    }
  }

  /// The classes of the file, if there is one.
  func known() throws -> ClassList? { try classes.map { try ClassList(contentsOf: $0) } }

  /// Opens data.
  ///
  /// - Parameters:
  ///   - labels: a table of the classes of a dataset's samples.
  ///   - templates: what captions may be, with the name of a class.
  func open(
    _ path: String, known: ClassList?, labels: String? = nil, templates: [PromptTemplate] = []
  ) throws -> LabelledPictures {
    // Where a table tells the classes of a split, the field is for the others.
    try LabelledPictures.open(
      path, known: known, templates: templates,
      LabelledPictures.Options(
        imageColumn: imageColumn, classColumn: classColumn, labels: labels,
        classField: labels == nil ? classField : nil,
        captionTemplate: captionTemplate.flatMap { PromptTemplate($0) }))
  }
}
