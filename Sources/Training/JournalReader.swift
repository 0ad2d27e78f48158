import Dispatch
import Files
import Foundation
import Synchronization

/// Reads a journal piece by piece, also while it is being written: a line without its end is not there yet.
package final class JournalReader {
  private let file: FileReader
  /// Lines read so far.
  private var lines = 0
  /// Where the next line begins, in bytes.
  package private(set) var offset: Int

  private static let piece = 1 << 20
  /// Lines a thread takes at once.
  private static let share = 128

  /// Bytes the journal had when it was opened.
  package var count: Int { file.count }

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
      let found = try decode(bytes[..<end].split(separator: newline, omittingEmptySubsequences: false))
      offset += end + 1
      return found
    }
    return nil
  }

  /// Decodes lines on all cores: a long run's journal has a million of them.
  private func decode(_ lines: [ArraySlice<UInt8>]) throws -> [JournalNumbers] {
    let shares = (lines.count + Self.share - 1) / Self.share
    let decoded = Mutex([[JournalNumbers]](repeating: [], count: shares))
    DispatchQueue.concurrentPerform(iterations: shares) { share in
      let decoder = JSONDecoder()
      let range = share * Self.share..<min((share + 1) * Self.share, lines.count)
      // Up to the first that is none.
      var found: [JournalNumbers] = []
      for line in lines[range] {
        guard let numbers = try? decoder.decode(JournalNumbers.self, from: Data(line)) else { break }
        found.append(numbers)
      }
      decoded.withLock { $0[share] = found }
    }
    let found = decoded.withLock(\.self)
    for (share, numbers) in found.enumerated() where numbers.count < min(Self.share, lines.count - share * Self.share) {
      throw FileError(
        file.path,
        "line \(self.lines + share * Self.share + numbers.count + 1) is not a line of a journal, expected a JSON object with "
          + "`step`: it was changed or damaged")
    }
    self.lines += lines.count
    return found.flatMap(\.self)
  }
}
