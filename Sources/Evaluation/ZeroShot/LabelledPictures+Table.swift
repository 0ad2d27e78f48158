import Files
import Shards

extension LabelledPictures {
  /// The pictures that the rows of a table name, with their classes.
  ///
  /// - Parameters:
  ///   - path: a `.csv` or `.tsv` file with a header.
  ///   - known: the classes; nil: those the table names.
  /// - Throws: `FileError` where a column is missing or a row is not as long as the header.
  static func table(_ path: String, known: ClassList?, _ options: Options) throws -> LabelledPictures {
    let classColumn = options.classColumn ?? "class"
    let rows = try TwoColumns(
      path, first: options.imageColumn ?? "filepath", firstOption: "--image-column", second: classColumn,
      secondOption: "--class-column"
    ).rows
    let classes = try known ?? ClassList(labels: rows.map(\.second), of: path)
    let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
    let files = rows.map { row in
      (path: row.first.hasPrefix("/") ? row.first : folder + row.first, number: classes.number(of: row.second))
    }
    return LabelledPictures(path: path, count: files.count, classes: classes, warnings: []) {
      let file = files[$0]
      return Encoder.EncodedPicture(
        name: file.path, bytes: try FileReader.contents(of: file.path), note: file.number)
    }
  }
}
