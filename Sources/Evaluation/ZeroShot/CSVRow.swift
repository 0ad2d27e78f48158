/// Rows of a comma-separated file (RFC 4180).
package enum CSVRow {
  /// A row with its end; fields that need quotes get them.
  package static func text(_ fields: [String]) -> String {
    fields.map { field in
      let isPlain = !field.unicodeScalars.contains { ",\"\r\n".unicodeScalars.contains($0) }
      return isPlain ? field : "\"\(field.replacing("\"", with: "\"\""))\""
    }
    .joined(separator: ",") + "\n"
  }
}
