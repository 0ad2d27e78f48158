import Files

/// The lines of a small file of text.
struct TextLines {
  /// Without their ends; blank ones behind the last that says something are left out.
  let lines: [String]

  /// Reads a file; one that is not UTF-8 is a `FileError`.
  init(_ path: String) throws {
    let bytes = try FileReader.contents(of: path)
    guard let text = String(validating: bytes, as: UTF8.self) else { throw FileError(path, "is not UTF-8") }
    // Windows' line break is one character in a text; a byte order mark is none that a name has.
    var lines = text.trimmingPrefix("\u{FEFF}").split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }
      .map(String.init)
    while lines.last?.trimmed.isEmpty == true { lines.removeLast() }
    self.lines = lines
  }
}

extension StringProtocol {
  /// Without white space at either end.
  var trimmed: String {
    var part = self[...]
    while part.first?.isWhitespace == true { part = part.dropFirst() }
    while part.last?.isWhitespace == true { part = part.dropLast() }
    return String(part)
  }
}
