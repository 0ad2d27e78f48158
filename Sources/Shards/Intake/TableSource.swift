import Files

/// Pictures and captions named by the rows of a table.
struct TableSource: CandidateSource {
  private var rows: TableReader
  private let columns: Int
  private let imageColumn: Int
  private let captionColumn: Int
  /// The folder paths are relative to.
  private let directory: String

  init(_ path: String, separator: UInt8, imageColumn: String, captionColumn: String) throws {
    rows = try TableReader(path, separator: separator)
    directory = path.lastIndex(of: "/").map { String(path[..<$0]) + "/" } ?? ""
    let header = try rows.next()?.fields.map { String(decoding: $0, as: UTF8.self) } ?? []
    columns = header.count
    guard columns > 0 else {
      throw FileError(path, "is empty: expected a header with the columns \"\(imageColumn)\" and \"\(captionColumn)\"")
    }
    func column(_ name: String, _ option: String) throws -> Int {
      guard let column = header.firstIndex(of: name) else {
        throw FileError(
          path, "has no column \"\(name)\", only \(header.map { "\"\($0)\"" }.joined(separator: ", ")): see \(option)")
      }
      return column
    }
    self.imageColumn = try column(imageColumn, "--image-column")
    self.captionColumn = try column(captionColumn, "--caption-column")
  }

  var fraction: Double { rows.fraction }

  mutating func next() throws -> Candidate? {
    guard let row = try rows.next() else { return nil }
    guard row.fields.count == columns else { return Candidate(name: "", flaw: .badRow) }
    let caption = Candidate.Content.bytes(row.fields[captionColumn])
    guard let path = String(validating: row.fields[imageColumn], as: UTF8.self), !path.isEmpty else {
      return Candidate(name: "", caption: caption)
    }
    let start = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
    let stem = path[start...].lastIndex(of: ".").map { path[..<$0] } ?? path[...]
    return Candidate(
      name: String(stem), picture: .file(path.hasPrefix("/") ? path : directory + path), caption: caption)
  }
}
