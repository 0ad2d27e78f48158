import Foundation

extension String {
  /// The text without white space around it, such as the line break that ends a caption's file.
  var trimmed: String { trimmingCharacters(in: .whitespacesAndNewlines) }

  /// The text on one line, and no more of it than fits there.
  var shortened: String {
    let line = split(whereSeparator: \.isWhitespace).joined(separator: " ")
    return line.count > 100 ? line.prefix(99) + "…" : line
  }
}
