import Files

/// What the central directory of a zip archive says.
///
/// The file ends in `directory | zip64 record and its locator, if any | end record`, by PKWARE's APPNOTE 6.3.10,
/// sections 4.3.12 to 4.3.16. No comment may follow, and nothing may lie between these parts: PyTorch writes neither.
struct ZipDirectory {
  /// The entries in the directory's order.
  let entries: [ZipEntry]
  /// Where the directory begins, which is where the entries must have ended.
  let offset: Int

  private static let endCount = 22
  private static let locatorCount = 20
  private static let recordCount = 56
  /// Hundreds of thousands of entries.
  private static let mostBytes = 1 << 26

  init(of file: FileReader) throws {
    do {
      let (count, range) = try Self.place(in: file)
      guard range.count <= Self.mostBytes else {
        throw TorchFlaw("its directory has \(range.count) bytes, expected at most \(Self.mostBytes)")
      }
      var cursor = ByteCursor(try file.read(range.count, at: range.lowerBound))
      var entries: [ZipEntry] = []
      while !cursor.isAtEnd { entries.append(try Self.entry(&cursor)) }
      guard entries.count == count else {
        throw TorchFlaw("its directory has \(entries.count) entries, expected \(count)")
      }
      self.entries = entries
      offset = range.lowerBound
    } catch is ByteCursor.End {
      throw TorchFlaw("its directory ends in the middle of an entry")
    }
  }

  /// How many entries the directory has, and where it lies.
  private static func place(in file: FileReader) throws -> (count: Int, range: Range<Int>) {
    guard file.count >= endCount else { throw TorchFlaw("it has \(file.count) bytes only: it was cut short") }
    var end = file.count - endCount
    var cursor = ByteCursor(try file.read(endCount, at: end))
    guard try cursor.number(UInt32.self) == 0x0605_4B50 else {
      throw TorchFlaw("it does not end as one: it was cut short, or something was appended")
    }
    let disks = try (cursor.number(UInt16.self), cursor.number(UInt16.self))
    let counts = try (cursor.size(UInt16.self), cursor.size(UInt16.self))
    var (count, size, offset) = (counts.1, try cursor.size(UInt32.self), try cursor.size(UInt32.self))
    guard disks == (0, 0), counts.0 == counts.1, try cursor.number(UInt16.self) == 0 else {
      throw TorchFlaw("its end record is not that of a single archive without a comment")
    }
    if let wide = try zip64(in: file, before: end) {
      guard count == 0xFFFF || count == wide.count, size == 0xFFFF_FFFF || size == wide.size,
        offset == 0xFFFF_FFFF || offset == wide.offset
      else { throw TorchFlaw("its two end records contradict each other") }
      (count, size, offset) = (wide.count, wide.size, wide.offset)
      end -= locatorCount + recordCount
    }
    guard offset <= end, size == end - offset else {
      throw TorchFlaw("its directory of \(size) bytes at byte \(offset) does not end at byte \(end)")
    }
    return (count, offset..<end)
  }

  /// The record with wide numbers, if there is one.
  private static func zip64(
    in file: FileReader, before end: Int
  ) throws -> (count: Int, size: Int, offset: Int)? {
    guard end >= locatorCount + recordCount else { return nil }
    var locator = ByteCursor(try file.read(locatorCount, at: end - locatorCount))
    guard try locator.number(UInt32.self) == 0x0706_4B50 else { return nil }
    let place = end - locatorCount - recordCount
    let disk = try locator.number(UInt32.self)
    let (found, disks) = try (locator.size(UInt64.self), locator.number(UInt32.self))
    guard disk == 0, found == place, disks == 1 else {
      throw TorchFlaw("its zip64 record is said to be at byte \(found), expected \(place)")
    }
    var record = ByteCursor(try file.read(recordCount, at: place))
    guard try record.number(UInt32.self) == 0x0606_4B50, try record.size(UInt64.self) == recordCount - 12 else {
      throw TorchFlaw("its zip64 record at byte \(place) is not one")
    }
    _ = try record.take(4)
    let recordDisks = try (record.number(UInt32.self), record.number(UInt32.self))
    let counts = try (record.size(UInt64.self), record.size(UInt64.self))
    guard recordDisks == (0, 0), counts.0 == counts.1 else {
      throw TorchFlaw("its zip64 record is not that of a single archive")
    }
    return (counts.1, try record.size(UInt64.self), try record.size(UInt64.self))
  }

  private static func entry(_ cursor: inout ByteCursor) throws -> ZipEntry {
    guard try cursor.number(UInt32.self) == 0x0201_4B50 else {
      throw TorchFlaw("its directory has something else than an entry")
    }
    // The versions of who wrote it and of who may read it.
    _ = try cursor.take(4)
    let (flags, method) = try (cursor.number(UInt16.self), cursor.number(UInt16.self))
    // Date and time.
    _ = try cursor.take(4)
    let crc = try cursor.number(UInt32.self)
    let (stored, count) = try (cursor.number(UInt32.self), cursor.number(UInt32.self))
    let lengths = try (cursor.size(UInt16.self), cursor.size(UInt16.self), cursor.size(UInt16.self))
    // The disk and two sets of attributes.
    _ = try cursor.take(8)
    let offset = try cursor.number(UInt32.self)
    guard let name = String(validating: try cursor.take(lengths.0), as: UTF8.self) else {
      throw TorchFlaw("its directory has a name that is not UTF-8")
    }
    let sizes = try widened([count, stored, offset], by: Array(cursor.take(lengths.1)))
    _ = try cursor.take(lengths.2)
    return ZipEntry(
      name: name, flags: flags, method: method, crc: crc, storedCount: sizes[1], count: sizes[0], offset: sizes[2])
  }

  /// Numbers of which those that are all ones stand in the extra field of zip64 (APPNOTE 4.5.3), in their order.
  static func widened(_ numbers: [UInt32], by extra: [UInt8]) throws -> [Int] {
    guard numbers.contains(.max) else { return numbers.map { Int($0) } }
    var fields = ByteCursor(extra)
    while !fields.isAtEnd {
      let (kind, count) = try (fields.number(UInt16.self), fields.size(UInt16.self))
      var field = ByteCursor(Array(try fields.take(count)))
      guard kind == 1 else { continue }
      return try numbers.map { $0 == .max ? try field.size(UInt64.self) : Int($0) }
    }
    throw TorchFlaw("an entry has a size of 64 bits, and no field with it")
  }
}
