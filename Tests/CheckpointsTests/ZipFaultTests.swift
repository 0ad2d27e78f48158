import Checkpoints
import Files
import Foundation
import Testing

/// Archives that are not as `torch.save` writes them.
@Suite struct ZipFaultTests {
  let directory: String

  init() throws { directory = try Scratch.directory() }

  func complaint(_ change: (inout TorchArchive) -> Void, _ spoil: (inout [UInt8]) -> Void = { _ in }) throws -> String {
    let tensor = Pickle.tensor(Pickle.storage(count: 6), shape: [2, 3], strides: [3, 1])
    var archive = TorchArchive(
      pickle: Pickle.file(Pickle.dictionary(("a", tensor))), storages: ["0": [UInt8](0..<24)])
    change(&archive)
    var bytes = archive.bytes
    spoil(&bytes)
    let path = "\(directory)/weights.pt"
    try FileWriter.write(bytes, to: path)
    do {
      for tensor in try TorchFile(path).tensors { _ = try tensor.values() }
      return "accepted"
    } catch let error as FileError {
      return error.reason
    }
  }

  func expect(_ expected: String, _ change: (inout TorchArchive) -> Void) throws {
    let complaint = try complaint(change)
    #expect(complaint.contains(expected), "\(complaint), expected \(expected)")
  }

  @Test func compressedEntriesAreRefused() throws {
    try expect("its entry a/data.pkl is compressed or encrypted") { $0.entries[0].method = 8 }
    try expect("its entry a/data/0 is compressed or encrypted") { $0.entries[1].method = 8 }
    try expect("its entry a/data/0 is compressed or encrypted") { $0.entries[1].flags = 1 }
    // Nobody reads the code of TorchScript.
    try expect("accepted") { $0.entries.append(.init(name: "a/code/x.py", bytes: [1, 2, 3], method: 8)) }
  }

  @Test func sizesAndPlacesAreThoseOfTheFile() throws {
    let wide = TorchArchive.bytes(UInt16(1)) + TorchArchive.bytes(UInt16(16))
    try expect("a/data/0 of 4000000000 bytes does not fit") { $0.entries[1].count = 4_000_000_000 }
    try expect("has a size of 64 bits, and no field with it") { $0.entries[1].count = .max }
    try expect("accepted") {
      $0.entries[1].count = .max
      $0.entries[1].extra = wide + TorchArchive.bytes(24) + TorchArchive.bytes(24)
    }
    for size in [UInt64(1) << 40, 1 << 63, .max] {
      try expect("does not fit") {
        $0.entries[1].count = .max
        $0.entries[1].extra = wide + TorchArchive.bytes(size) + TorchArchive.bytes(size)
      }
    }
    try expect("its directory ends in the middle of an entry") {
      $0.entries[1].count = .max
      $0.entries[1].extra = wide + [1]
    }
    try expect("lies in another one or in the directory") { $0.entries[1].offset = 0 }
    try expect("lies in another one or in the directory") { $0.entries[1].offset = 3 }
    try expect("lies in another one or in the directory") { $0.entries[1].offset = 4_000_000_000 }
    try expect("has CRC-32 ") { $0.entries[1].crc = 1 }
    try expect("has CRC-32 ") { $0.entries[0].crc = 1 }
    // Larger by a byte, it reaches into the next header.
    try expect("lies in another one") { $0.entries[0].count = UInt32($0.entries[0].bytes.count) + 1 }
  }

  @Test func namesAreThoseOfOneModel() throws {
    try expect("it has two entries a/data/0") { $0.entries.append($0.entries[1]) }
    try expect("it has 0 pickles FOLDER/data.pkl, expected one") { $0.entries[0].name = "data.pkl" }
    try expect("it has 2 pickles FOLDER/data.pkl") { $0.entries.append(.init(name: "b/data.pkl", bytes: [])) }
    try expect("it has no entry a/data/0") { $0.entries.remove(at: 1) }
    try expect("its numbers are not little-endian") {
      $0.entries.append(.init(name: "a/byteorder", bytes: Array("big".utf8)))
    }
    try expect("accepted") { $0.entries.append(.init(name: "a/byteorder", bytes: Array("little".utf8))) }
  }

  @Test func theDirectoryIsWhereTheFileEnds() throws {
    func expect(_ expected: String, _ spoil: (inout [UInt8]) -> Void) throws {
      let complaint = try complaint({ _ in }, spoil)
      #expect(complaint.contains(expected), "\(complaint), expected \(expected)")
    }
    try expect("it does not end as one") { $0.append(0) }
    try expect("its directory of") { $0[$0.count - 6] ^= 1 }
    try expect("its end record is not that of a single archive") { $0[$0.count - 12] ^= 1 }
    try expect("its directory has 2 entries, expected 3") { bytes in
      bytes[bytes.count - 12] = 3
      bytes[bytes.count - 14] = 3
    }
    try expect("expected a zip archive as torch.save writes, found nothing") { $0 = [] }
    try expect("expected a zip archive as torch.save writes, found one that begins otherwise") { $0[0] = 0 }
  }
}
