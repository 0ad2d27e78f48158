import Files
import Shards

extension LabelledPictures {
  /// The samples of a packed dataset, with the classes that a table, a field of their JSON or their captions tell.
  ///
  /// - Parameters:
  ///   - path: the dataset.
  ///   - known: the classes; nil: those a table names.
  ///   - templates: what classes are described with: captions may be.
  static func shards(
    _ path: String, known: ClassList?, _ templates: [PromptTemplate], _ options: Options
  ) throws -> LabelledPictures {
    let samples = try ShardCollection([path])
    guard samples.count > 0 else { throw FileError(path, "has no samples") }
    func pictures(
      _ classes: ClassList, _ number: @escaping @Sendable (Sample) -> Int?
    ) -> LabelledPictures {
      LabelledPictures(path: path, count: samples.count, classes: classes, warnings: []) {
        let sample = try samples.sample(at: $0)
        return Encoder.EncodedPicture(name: sample.key, bytes: sample.picture, note: number(sample))
      }
    }
    if let labels = options.labels {
      let rows = try TwoColumns(
        labels, first: "key", firstOption: nil, second: options.classColumn ?? "class", secondOption: "--class-column"
      ).rows
      let classes = try known ?? ClassList(labels: rows.map(\.second), of: labels)
      var numbers: [String: Int?] = [:]
      for (key, label) in rows {
        let number = classes.number(of: label)
        if let other = numbers.updateValue(number, forKey: key), other != number {
          throw FileError(labels, "gives the sample \(key) two classes, the second of them \"\(label)\"")
        }
      }
      let found = numbers
      return pictures(classes) { found[$0.key] ?? nil }
    }
    guard let known else {
      throw FileError(
        path,
        "is a packed dataset, whose samples have captions and not classes: name the classes with --classes FILE "
          + "(captions that are a class's name or a template about it then tell it), or each sample's with --labels FILE"
      )
    }
    if let field = options.classField {
      return pictures(known) { sample in sample.text(ofField: field).flatMap { known.number(of: $0) } }
    }
    let captions = CaptionedClasses(known, templates + [options.captionTemplate].compactMap(\.self))
    return pictures(known) { captions.number(of: $0.captions) }
  }

  /// What a path stands for: a packed dataset, a folder of class folders, or a table.
  ///
  /// - Parameters:
  ///   - path: the dataset, folder or table.
  ///   - known: the classes; nil: those the data name.
  ///   - templates: what classes are described with.
  /// - Throws: `FileError` where it is nothing of these, or tells no classes.
  public static func open(
    _ path: String, known: ClassList?, templates: [PromptTemplate], _ options: Options
  ) throws -> LabelledPictures {
    let name = path.lowercased()
    guard Directory.exists(path) else { throw FileError(path, "is not there") }
    if Directory.isFile("\(path)/index.json") { return try shards(path, known: known, templates, options) }
    guard options.labels == nil, options.classField == nil, options.captionTemplate == nil else {
      throw FileError(path, "is no packed dataset, which --labels, --class-field and --caption-template are for")
    }
    if Directory.isDirectory(path) { return try folders(path, known: known) }
    guard name.hasSuffix(".csv") || name.hasSuffix(".tsv") else {
      throw FileError(
        path,
        "is nothing to evaluate on: expected a folder with a folder for each class, a dataset of `clip pack`, "
          + ".csv or .tsv")
    }
    return try table(path, known: known, options)
  }
}
