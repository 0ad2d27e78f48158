/// Rows of text in aligned columns: the first column to the left, all others to the right.
struct Table {
  private var rows: [[String]]

  /// A table with a heading for each column.
  init(_ headings: String...) {
    rows = [headings]
  }

  /// Appends a row.
  mutating func add(_ cells: String...) {
    rows.append(cells)
  }

  /// The lines of the table.
  var lines: [String] {
    let columns = rows.map(\.count).max() ?? 0
    let widths = (0..<columns).map { column in rows.map { $0.count > column ? $0[column].count : 0 }.max() ?? 0 }
    return rows.map { row in
      row.enumerated().map { column, cell in
        // No blanks at the end of a line.
        if column == 0, row.count == 1 { return cell }
        let padding = String(repeating: " ", count: widths[column] - cell.count)
        return column == 0 ? cell + padding : padding + cell
      }
      .joined(separator: "  ")
    }
  }
}
