import Files
import Shards

extension LabelledPictures {
  /// The pictures of a folder of folders, one for each class, in the order of their names' bytes.
  ///
  /// A file of classes must name every folder; one that names none of them and has as many classes is taken in the order
  /// of the folders.
  ///
  /// - Parameters:
  ///   - path: the folder.
  ///   - known: the classes; nil: the folders' names are.
  /// - Throws: `FileError` where there are no class folders, no pictures, or a folder is of no class.
  static func folders(_ path: String, known: ClassList?) throws -> LabelledPictures {
    let names = try Directory.names(in: path).filter { !$0.hasPrefix(".") }
    let folders = names.filter { Directory.isDirectory("\(path)/\($0)") }
    guard !folders.isEmpty else {
      throw FileError(
        path,
        "holds no folders: expected one for each class with its pictures in it, a dataset of `clip pack`, or a "
          + "table")
    }
    var warnings: [String] = []
    if let stray = names.first(where: isPicture) {
      warnings.append("\(path)/\(stray): lies in the folder of no class and is left out, as others beside it may be")
    }
    let classes = try match(folders, with: known, in: path, &warnings)
    var files: [(path: String, number: Int)] = []
    for folder in folders {
      guard let number = classes.number(named: folder) else {
        throw FileError(
          "\(path)/\(folder)",
          "is the folder of none of the \(classes.classes.count) classes of \(classes.source ?? path): add its class, "
            + "or move the folder away")
      }
      let pictures = try pictures(in: "\(path)/\(folder)")
      if pictures.isEmpty { warnings.append("\(path)/\(folder): holds no pictures, so that its class has none") }
      files += pictures.map { ($0, number) }
    }
    guard !files.isEmpty else {
      throw FileError(path, "has no pictures in its \(folders.count) folders: expected .jpg, .jpeg, .png or .webp")
    }
    let all = files
    return LabelledPictures(path: path, count: all.count, classes: classes, warnings: warnings) {
      let file = all[$0]
      return Encoder.EncodedPicture(
        name: file.path, bytes: try FileReader.contents(of: file.path), note: file.number)
    }
  }

  private static func match(
    _ folders: [String], with known: ClassList?, in path: String, _ warnings: inout [String]
  ) throws -> ClassList {
    guard let known else { return try ClassList(labels: folders, of: path) }
    let isNamed = folders.contains { known.number(named: $0) != nil }
    guard !isNamed, known.classes.count == folders.count, let source = known.source else { return known }
    let examples = zip(folders, known.classes).prefix(2).map { "\($0) is \($1.names[0])" }
    warnings.append(
      "\(source) names none of the folders of \(path); its classes are taken in their order: "
        + examples.joined(separator: ", ") + (folders.count > 2 ? ", …" : ""))
    return try known.labelled(folders, of: path)
  }

  private static func isPicture(_ name: String) -> Bool {
    let parts = name.split(separator: ".")
    return parts.count > 1 && StoredFormat(fileExtension: String(parts[parts.count - 1])) != nil
  }

  /// The pictures of a folder, at any depth.
  private static func pictures(in folder: String) throws -> [String] {
    try Directory.names(in: folder).filter { !$0.hasPrefix(".") }.flatMap { name -> [String] in
      let path = "\(folder)/\(name)"
      if Directory.isDirectory(path) { return try pictures(in: path) }
      return isPicture(name) ? [path] : []
    }
  }
}
