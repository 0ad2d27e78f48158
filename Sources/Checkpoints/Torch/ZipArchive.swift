import Files
import Synchronization

/// A zip archive open for reading the entries that are stored as they are.
///
/// Opening compares the directory with the header before each entry. Entries may neither overlap nor share a name;
/// compressed ones are listed and never read, so that no file makes more bytes than it has.
final class ZipArchive: Sendable {
  /// The entries by name, and where in the file their stored bytes lie.
  let entries: [String: (entry: ZipEntry, begin: Int)]
  private let file: FileReader
  /// Names of the entries whose check sum was found right.
  private let checked = Mutex<Set<String>>([])

  /// - Throws: a `TorchFlaw` when the file is not as it should be, a `FileError` when it cannot be read.
  init(_ file: FileReader) throws {
    let directory = try ZipDirectory(of: file)
    var entries: [String: (entry: ZipEntry, begin: Int)] = [:]
    var end = 0
    for entry in directory.entries.sorted(by: { $0.offset < $1.offset }) {
      guard entry.offset >= end, entry.offset < directory.offset else {
        throw TorchFlaw("its entry \(entry.name) at byte \(entry.offset) lies in another one or in the directory")
      }
      let begin: Int
      do {
        begin = try Self.begin(of: entry, in: file, before: directory.offset)
      } catch is ByteCursor.End {
        throw TorchFlaw("the header of its entry \(entry.name) does not fit the directory")
      }
      end = begin + entry.storedCount
      guard entries.updateValue((entry, begin), forKey: entry.name) == nil else {
        throw TorchFlaw("it has two entries \(entry.name)")
      }
    }
    self.entries = entries
    self.file = file
  }

  /// Where the stored bytes of an entry begin. Its own header must say what the directory says.
  private static func begin(of entry: ZipEntry, in file: FileReader, before limit: Int) throws -> Int {
    let headerCount = 30
    guard entry.offset <= limit - headerCount else { throw ByteCursor.End() }
    var header = ByteCursor(try file.read(headerCount, at: entry.offset))
    guard try header.number(UInt32.self) == 0x0403_4B50 else { throw ByteCursor.End() }
    _ = try header.take(2)
    let (flags, method) = try (header.number(UInt16.self), header.number(UInt16.self))
    _ = try header.take(4)
    let crc = try header.number(UInt32.self)
    let (stored, count) = try (header.number(UInt32.self), header.number(UInt32.self))
    let (nameCount, extraCount) = try (header.size(UInt16.self), header.size(UInt16.self))
    let begin = entry.offset + headerCount + nameCount + extraCount
    guard begin <= limit, entry.storedCount <= limit - begin else {
      throw TorchFlaw(
        "its entry \(entry.name) of \(entry.storedCount) bytes does not fit into the \(limit) before the directory")
    }
    var more = ByteCursor(try file.read(nameCount + extraCount, at: entry.offset + headerCount))
    guard try more.take(nameCount).elementsEqual(entry.name.utf8), flags == entry.flags, method == entry.method else {
      throw ByteCursor.End()
    }
    if flags & ZipEntry.hasDescriptor != 0, crc == 0, stored == 0 || stored == .max, count == 0 || count == .max {
      try check(descriptorOf: entry, in: file, at: begin + entry.storedCount, before: limit)
    } else {
      let sizes = try ZipDirectory.widened([count, stored], by: Array(more.take(extraCount)))
      guard crc == entry.crc, sizes == [entry.count, entry.storedCount] else { throw ByteCursor.End() }
    }
    return begin
  }

  /// Behind the data stand a mark, the check sum and the two sizes, which have 32 bits or 64.
  private static func check(
    descriptorOf entry: ZipEntry, in file: FileReader, at offset: Int, before limit: Int
  ) throws {
    var cursor = ByteCursor(try file.read(min(24, limit - offset), at: offset))
    guard try cursor.number(UInt32.self) == 0x0807_4B50, try cursor.number(UInt32.self) == entry.crc else {
      throw ByteCursor.End()
    }
    var wide = cursor
    let narrowSizes = try (cursor.size(UInt32.self), cursor.size(UInt32.self))
    if narrowSizes == (entry.storedCount, entry.count) { return }
    guard try wide.size(UInt64.self) == entry.storedCount, try wide.size(UInt64.self) == entry.count else {
      throw ByteCursor.End()
    }
  }

  /// An entry that is stored as it is; nil when there is none of the name.
  private func plain(_ name: String) throws -> (entry: ZipEntry, begin: Int)? {
    guard let found = entries[name] else { return nil }
    guard found.entry.isPlain else {
      throw TorchFlaw("its entry \(name) is compressed or encrypted, expected it stored as torch.save does")
    }
    return found
  }

  /// The content of a small entry; nil when there is none of the name.
  ///
  /// - Parameter most: bytes it may have; more are refused.
  func content(of name: String, most: Int) throws -> [UInt8]? {
    guard let (entry, begin) = try plain(name) else { return nil }
    guard entry.count <= most else {
      throw TorchFlaw("its entry \(name) has \(entry.count) bytes, expected at most \(most)")
    }
    try check(entry, from: begin)
    return try file.read(entry.count, at: begin)
  }

  /// Where an entry's content lies in the file.
  func range(of name: String) throws -> Range<Int>? {
    try plain(name).map { $0.begin..<$0.begin + $0.entry.count }
  }

  /// Numbers of an entry, widened to single precision or rounded to it, once the entry's check sum is found right.
  func numbers(_ type: StoredType, _ range: Range<Int>, of name: String) throws -> [Float] {
    guard let (entry, begin) = try plain(name) else { throw TorchFlaw("it has no entry \(name)") }
    guard range.upperBound <= entry.count / type.byteCount else {
      throw TorchFlaw("its entry \(name) has \(entry.count) bytes, too few for \(range.upperBound) numbers")
    }
    try check(entry, from: begin)
    return try type.read(range.count, of: file, at: begin + range.lowerBound * type.byteCount)
  }

  /// Reads an entry and compares its check sum; only the first time.
  private func check(_ entry: ZipEntry, from begin: Int) throws {
    if checked.withLock({ $0.contains(entry.name) }) { return }
    var crc = CRC32()
    for offset in stride(from: 0, to: entry.count, by: Self.blockCount) {
      crc.update(try file.read(min(Self.blockCount, entry.count - offset), at: begin + offset))
    }
    guard crc.value == entry.crc else {
      throw TorchFlaw(
        "its entry \(entry.name) has CRC-32 \(Self.hexadecimal(crc.value)), "
          + "expected \(Self.hexadecimal(entry.crc)): it is damaged")
    }
    checked.withLock { _ = $0.insert(entry.name) }
  }

  private static let blockCount = 1 << 20

  private static func hexadecimal(_ number: UInt32) -> String { String(number, radix: 16) }
}
