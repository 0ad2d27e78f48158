import Files
import Shards

/// Two columns of a table with a header: `.csv`, or `.tsv`.
struct TwoColumns {
  /// In their order; neither field is blank.
  let rows: [(first: String, second: String)]

  /// Reads a file.
  ///
  /// - Parameters:
  ///   - first: the name of a column; `firstOption` is what to name another with, for errors.
  ///   - second: the name of the other; `secondOption` likewise.
  /// - Throws: `FileError` where a column is missing, a row is not as long as the header or has nothing in a column, or
  ///   there is no row.
  init(_ path: String, first: String, firstOption: String?, second: String, secondOption: String) throws {
    let separator = UInt8(ascii: path.lowercased().hasSuffix(".tsv") ? "\t" : ",")
    var table = try TableReader(path, separator: separator)
    let header = try table.next()?.fields.map { String(decoding: $0, as: UTF8.self).trimmed } ?? []
    func column(_ name: String, _ option: String?) throws -> Int {
      guard let column = header.firstIndex(of: name) else {
        let names = header.map { "\"\($0)\"" }.joined(separator: ", ")
        throw FileError(
          path,
          "has no column \"\(name)\"" + (header.isEmpty ? "" : ", only \(names)") + (option.map { ": see \($0)" } ?? "")
        )
      }
      return column
    }
    let columns = (try column(first, firstOption), try column(second, secondOption))
    var rows: [(first: String, second: String)] = []
    while let row = try table.next() {
      guard row.fields.count == header.count else {
        throw FileError(
          path, "line \(row.line) has \(row.fields.count) fields, expected \(header.count) as the header has")
      }
      func field(_ column: Int) throws -> String {
        guard let text = String(validating: row.fields[column], as: UTF8.self)?.trimmed, !text.isEmpty else {
          throw FileError(path, "line \(row.line) has nothing in the column \"\(header[column])\"")
        }
        return text
      }
      rows.append((try field(columns.0), try field(columns.1)))
    }
    guard !rows.isEmpty else { throw FileError(path, "has no rows below its header") }
    self.rows = rows
  }
}
