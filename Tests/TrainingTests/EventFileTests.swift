import Files
import Foundation
import Testing
import Training

/// TensorBoard's event file. That TensorBoard itself reads it, `Tests/Peers/events.py` checks.
@Suite struct EventFileTests {
  /// The vectors of RFC 3720, appendix B.4, and the one everybody knows.
  @Test func sumsAreCRC32C() {
    #expect(CRC32C.value(of: [UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
    #expect(CRC32C.value(of: [UInt8](repeating: 0xFF, count: 32)) == 0x62A8_AB43)
    #expect(CRC32C.value(of: Array(0..<32)) == 0x46DD_794E)
    #expect(CRC32C.value(of: Array((0..<32).reversed())) == 0x113F_DB5C)
    #expect(CRC32C.value(of: Array("123456789".utf8)) == 0xE306_9283)
    #expect(CRC32C.value(of: []) == 0)
  }

  /// Twelve bytes every event file begins with: the first event has 24.
  @Test func theFileBeginsAsAllDo() throws {
    let run = try Run()
    run.append(1...1)
    #expect(run.file.follow() == nil)
    let bytes = try run.bytes()
    #expect(bytes.prefix(12) == [0x18, 0, 0, 0, 0, 0, 0, 0, 0xA3, 0x7F, 0x4B, 0x22])
    #expect(String(decoding: bytes[23..<36], as: UTF8.self) == "brain.Event:2")
  }

  @Test func everyLineIsAnEvent() throws {
    let run = try Run()
    run.append(1...3)
    #expect(run.file.follow() == nil)
    run.append(4...5, isCut: true)
    #expect(run.file.follow() == nil)
    // Version, restart, and the lines that have an end.
    #expect(try run.records().count == 2 + 4)
    run.append("ing\":0}\n")
    #expect(run.file.follow() == nil)
    let records = try run.records()
    #expect(records.count == 2 + 5)
    let text = String(decoding: records[4], as: UTF8.self)
    for tag in ["train/loss", "seconds/data", "validation/R@1"] { #expect(text.contains(tag), "\(tag)") }
    #expect(!text.contains("step") && !text.contains("time"))
    // Field 1 is the time, field 2 the step.
    #expect(
      records[4].prefix(11) == [9] + withUnsafeBytes(of: 1_700_000_003.0.bitPattern.littleEndian) { Array($0) } + [
        16, 3,
      ])
  }

  /// A run that was killed in the middle of a record, after steps that are lost, and is resumed.
  @Test func aResumedRunHasEveryStepOnce() throws {
    let run = try Run()
    run.append(1...9)
    #expect(run.file.follow() == nil)
    let first = try #require(try run.names().first)
    try Data(run.bytes().dropLast(7)).write(to: URL(fileURLWithPath: run.directory + "/" + first))
    #expect(try run.records().count == 2 + 8)
    // What the journal is cut down to when it is opened again.
    try run.set(1...4)
    let resumed = EventFile(in: run.directory, following: run.journal)
    #expect(resumed.follow() == nil)
    run.append(5...6)
    #expect(resumed.follow() == nil)
    #expect(try run.records().count == 2 + 6)
    let names = try run.names()
    #expect(names.count == 1 && names[0] > first, "\(names)")
    try FileWriter.write([], to: run.directory + "/events.out.tfevents.17.other")
    #expect(EventFile(in: run.directory, following: run.journal).follow() == nil)
    #expect(Directory.exists(run.directory + "/events.out.tfevents.17.other"), "it is not ours to remove")
  }

  @Test func whatCannotBeWrittenIsToldOnce() throws {
    let run = try Run()
    run.append(1...2)
    let file = EventFile(in: run.directory + "/none", following: run.journal)
    #expect(file.follow()?.description.contains("none") == true)
    #expect(file.follow() == nil)
    try Directory.create(run.directory + "/none")
    #expect(file.follow() == nil)
    #expect(try Directory.names(in: run.directory + "/none").count == 1)
  }

  /// A run's directory with a journal.
  private final class Run {
    let directory = NSTemporaryDirectory() + "events-\(UUID().uuidString)"
    let file: EventFile
    var journal: String { directory + "/journal.jsonl" }

    init() throws {
      try Directory.create(directory)
      file = EventFile(in: directory, following: directory + "/journal.jsonl")
      try FileWriter.write([], to: journal)
    }

    deinit { try? Directory.remove(directory) }

    private static func lines(_ steps: ClosedRange<Int>) -> String {
      steps.map {
        "{\"loss\":\(Double($0) / 4),\"seconds\":{\"data\":0.5},\"step\":\($0),\"time\":\(1_700_000_000 + $0),"
          + "\"validation\":{\"R@1\":0.25},\"pending\":0}\n"
      }.joined()
    }

    func set(_ steps: ClosedRange<Int>) throws { try FileWriter.write(Array(Self.lines(steps).utf8), to: journal) }

    /// Appends lines, the last one without its end.
    func append(_ steps: ClosedRange<Int>, isCut: Bool = false) {
      append(!isCut ? Self.lines(steps) : String(Self.lines(steps).dropLast("ing\":0}\n".count)))
    }

    func append(_ text: String) {
      let handle = FileHandle(forWritingAtPath: journal)
      _ = try? handle?.seekToEnd()
      try? handle?.write(contentsOf: Data(text.utf8))
      try? handle?.close()
    }

    func names() throws -> [String] {
      try Directory.names(in: directory).filter { $0.hasSuffix(".swift-clip") }
    }

    func bytes() throws -> [UInt8] { try FileReader.contents(of: directory + "/" + (names().first ?? "")) }

    /// The messages of the whole records, as any reader finds them.
    func records() throws -> [[UInt8]] {
      let bytes = try bytes()
      var found: [[UInt8]] = [], offset = 0
      func number(_ at: Int, _ count: Int) -> UInt64 {
        bytes[at..<at + count].reversed().reduce(0) { $0 << 8 | UInt64($1) }
      }
      while offset + 16 <= bytes.count {
        let count = Int(number(offset, 8))
        #expect(number(offset + 8, 4) == UInt64(CRC32C.masked(of: Array(bytes[offset..<offset + 8]))))
        guard offset + 16 + count <= bytes.count else { break }
        let message = Array(bytes[offset + 12..<offset + 12 + count])
        #expect(number(offset + 12 + count, 4) == UInt64(CRC32C.masked(of: message)))
        found.append(message)
        offset += 16 + count
      }
      return found
    }
  }
}
