import Files
import Foundation
import Testing

@Suite struct FileWriterTests {
  let directory = NSTemporaryDirectory() + "files-\(UUID().uuidString)"

  init() throws { try Directory.create(directory) }

  @Test func aFileAppearsOnlyWhenCommitted() throws {
    let path = directory + "/a"
    let file = try FileWriter(path)
    try file.append([1, 2, 3])
    #expect(!Directory.exists(path))
    try file.commit()
    #expect(try FileReader.contents(of: path) == [1, 2, 3])
    #expect(try Directory.names(in: directory) == ["a"])
  }

  @Test func aDroppedWriterLeavesNothing() throws {
    do {
      let file = try FileWriter(directory + "/b")
      try file.append([1])
    }
    #expect(try Directory.names(in: directory).isEmpty)
  }

  @Test func whatKilledWritersLeftIsRemoved() throws {
    for name in ["a.json.tmp-123", "tmp-1.tmp-9", "a.tmp-x", "a.json", "tmp-5.txt"] {
      try FileWriter.write([1], to: "\(directory)/\(name)")
    }
    try Directory.create(directory + "/step.tmp-7")
    try FileWriter.removeLeftovers(in: directory)
    #expect(try Directory.names(in: directory) == ["a.json", "a.tmp-x", "step.tmp-7", "tmp-5.txt"])
  }

  @Test func readingPastTheEndNamesTheFile() throws {
    try FileWriter.write([1, 2, 3], to: directory + "/c")
    let error = #expect(throws: FileError.self) { try FileReader(directory + "/c").read(4, at: 0) }
    #expect(error?.description.contains("/c: ends at byte 3") == true)
  }

  @Test func digestsAreXXH64() {
    // Vectors of the xxHash specification: the empty input, and a running digest equal to a whole one.
    #expect(Digest(of: []).description == "xxh64:ef46db3751d8e999")
    let running = RunningDigest()
    let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    bytes.withUnsafeBytes {
      running.append(UnsafeRawBufferPointer(rebasing: $0[..<333]))
      running.append(UnsafeRawBufferPointer(rebasing: $0[333...]))
    }
    #expect(running.digest == Digest(of: bytes))
  }
}
