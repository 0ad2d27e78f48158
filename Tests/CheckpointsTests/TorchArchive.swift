import Files

/// A zip archive in memory that tests take apart, spoil, and put together again as `torch.save` would have.
struct TorchArchive {
  struct Entry {
    var name: String
    var bytes: [UInt8]
    var method: UInt16 = 0
    var flags: UInt16 = 0
    /// What the headers say in place of what is true.
    var crc: UInt32?
    var count: UInt32?
    /// Where the directory says the entry is.
    var offset: UInt32?
    /// What follows the name in both headers.
    var extra: [UInt8] = []
  }

  var entries: [Entry]

  /// An archive of one pickle, and of storages by their keys.
  init(pickle: [UInt8], storages: [String: [UInt8]] = [:], isTorchScript: Bool = false) {
    entries = [Entry(name: "a/data.pkl", bytes: pickle)]
    entries += storages.sorted { $0.key < $1.key }.map { Entry(name: "a/data/\($0.key)", bytes: $0.value) }
    if isTorchScript { entries.append(Entry(name: "a/constants.pkl", bytes: [])) }
  }

  /// The entries of a file PyTorch wrote; those that are stored as they are.
  init(contentsOf path: String) throws {
    let file = try FileReader.contents(of: path)
    func number(_ count: Int, at offset: Int) -> Int {
      file[offset..<offset + count].reversed().reduce(0) { $0 << 8 | Int($1) }
    }
    var place = number(4, at: file.count - 6)
    entries = []
    for _ in 0..<number(2, at: file.count - 12) {
      let (count, nameCount, local) = (number(4, at: place + 24), number(2, at: place + 28), number(4, at: place + 42))
      let begin = local + 30 + number(2, at: local + 26) + number(2, at: local + 28)
      entries.append(
        Entry(
          name: String(decoding: file[place + 46..<place + 46 + nameCount], as: UTF8.self),
          bytes: Array(file[begin..<begin + count])))
      place += 46 + nameCount + number(2, at: place + 30) + number(2, at: place + 32)
    }
  }

  /// The file.
  var bytes: [UInt8] {
    var file: [UInt8] = []
    var directory: [UInt8] = []
    for entry in entries {
      let offset = UInt32(file.count)
      let count = Self.bytes(entry.count ?? UInt32(entry.bytes.count))
      let extraCount = Self.bytes(UInt16(entry.extra.count))
      let shared =
        Self.bytes(entry.flags) + Self.bytes(entry.method) + [0, 0, 0, 0]
        + Self.bytes(entry.crc ?? Self.crc(entry.bytes))
        + count + count + Self.bytes(UInt16(entry.name.utf8.count))
      file += Array("PK\u{3}\u{4}".utf8) + [0, 0] + shared + extraCount + entry.name.utf8 + entry.extra + entry.bytes
      directory += Array("PK\u{1}\u{2}".utf8) + [0, 0, 0, 0] + shared + extraCount
      directory += [UInt8](repeating: 0, count: 10) + Self.bytes(entry.offset ?? offset) + entry.name.utf8 + entry.extra
    }
    let count = Self.bytes(UInt16(entries.count))
    return file + directory + Array("PK\u{5}\u{6}".utf8) + [0, 0, 0, 0] + count + count
      + Self.bytes(UInt32(directory.count)) + Self.bytes(UInt32(file.count)) + [0, 0]
  }

  static func bytes(_ number: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: number.littleEndian) { Array($0) }
  }

  /// CRC-32 bit by bit, as its definition has it.
  static func crc(_ bytes: [UInt8]) -> UInt32 {
    var value: UInt32 = ~0
    for byte in bytes {
      value ^= UInt32(byte)
      for _ in 0..<8 { value = value >> 1 ^ (value & 1 == 1 ? 0xEDB8_8320 : 0) }
    }
    return ~value
  }
}
