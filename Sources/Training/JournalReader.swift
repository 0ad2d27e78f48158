import Files
import Foundation

/// Reads a journal piece by piece, also while it is being written: a line without its end is not there yet.
package final class JournalReader {
  private let file: FileReader
  private let decoder = JSONDecoder()
  /// Lines read so far.
  private var lines = 0
  /// Where the next line begins, in bytes.
  package private(set) var offset: Int

  private static let piece = 1 << 20

  /// Opens a journal; what is written after this is not seen.
  package init(_ path: String, from offset: Int = 0) throws {
    file = try FileReader(path)
    self.offset = offset
  }

  /// The next lines, some thousands at most; nil behind the last.
  ///
  /// - Throws: `FileError` where a whole line is no line of a journal.
  package func next() throws -> [JournalNumbers]? {
    let newline = UInt8(ascii: "\n")
    var size = Self.piece
    while offset < file.count {
      let bytes = try file.read(min(size, file.count - offset), at: offset)
      guard let end = bytes.lastIndex(of: newline) else {
        // A longer line than all others, or the one that is being written.
        guard offset + bytes.count < file.count else { return nil }
        size *= 2
        continue
      }
      let found = try bytes[..<end].split(separator: newline, omittingEmptySubsequences: false).map {
        lines += 1
        return try line($0)
      }
      offset += end + 1
      return found
    }
    return nil
  }

  private func line(_ bytes: ArraySlice<UInt8>) throws -> JournalNumbers {
    do {
      return try decoder.decode(JournalNumbers.self, from: Data(bytes))
    } catch {
      throw FileError(
        file.path, "line \(lines) is not a line of a journal, expected a JSON object with `step`: it was changed or damaged"
      )
    }
  }
}
