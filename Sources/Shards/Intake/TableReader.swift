import Files

/// The rows of a comma- or tab-separated file (RFC 4180), in bounded memory.
///
/// A field that starts with a quote ends with one; inside it, two quotes stand for one, and separators and line ends are
/// ordinary. Lines end with LF or CRLF. Blank lines are passed over, and so is a byte order mark.
package struct TableReader {
  /// One row.
  package struct Row {
    /// As they are in the file.
    package let fields: [[UInt8]]
    /// The line it starts on, counted from 1.
    package let line: Int
  }

  private enum Byte {
    static let quote = UInt8(ascii: "\"")
    static let lineFeed = UInt8(ascii: "\n")
    static let carriageReturn = UInt8(ascii: "\r")
  }

  private let path: String
  private let separator: UInt8
  private var chunks: FileChunks
  private var chunk: [UInt8]
  private var used = 0
  private var line = 1

  private static let longestField = 1 << 20

  /// Opens a file whose fields are separated by a byte.
  package init(_ path: String, separator: UInt8) throws {
    self.path = path
    self.separator = separator
    chunks = FileChunks(try FileReader(path))
    chunk = try chunks.next()
    if chunk.starts(with: [0xEF, 0xBB, 0xBF]) { used = 3 }
  }

  /// How much of the file was read, from 0 to 1.
  var fraction: Double { chunks.fraction }

  /// The next row; nil at the end of the file.
  package mutating func next() throws -> Row? {
    var fields: [[UInt8]] = []
    var start = line
    while true {
      let (field, end) = try nextField()
      if end != separator, fields.isEmpty, field.isEmpty {
        if end == nil { return nil }
        start = line
        continue
      }
      fields.append(field)
      if end != separator { return Row(fields: fields, line: start) }
    }
  }

  /// One field, and the byte that ended it: the separator, a line feed, or nil at the end of the file.
  private mutating func nextField() throws -> (field: [UInt8], end: UInt8?) {
    var field: [UInt8] = []
    let start = line
    var isQuoted = false
    if try peek() == Byte.quote {
      used += 1
      isQuoted = true
    }
    while let byte = try peek() {
      used += 1
      if byte == Byte.lineFeed { line += 1 }
      if isQuoted {
        if byte != Byte.quote {
          field.append(byte)
        } else if try peek() == Byte.quote {
          used += 1
          field.append(byte)
        } else {
          isQuoted = false
        }
      } else if byte == separator {
        return (field, byte)
      } else if byte == Byte.lineFeed {
        if field.last == Byte.carriageReturn { field.removeLast() }
        return (field, byte)
      } else {
        field.append(byte)
      }
      guard field.count <= Self.longestField else { throw unclosed(start) }
    }
    if isQuoted { throw unclosed(start) }
    return (field, nil)
  }

  private func unclosed(_ line: Int) -> FileError {
    FileError(path, "line \(line): a field starts here and does not end; close its quote, or double quotes inside it")
  }

  private mutating func peek() throws -> UInt8? {
    if used == chunk.count {
      (chunk, used) = (try chunks.next(), 0)
      if chunk.isEmpty { return nil }
    }
    return chunk[used]
  }
}
