import Checkpoints
import Files
import Foundation
import Testing

@Suite struct SafetensorsTests {
  let directory: String

  init() throws { directory = try Scratch.directory() }

  /// A file of these header bytes and so many bytes of data.
  func file(_ header: String, data: Int, length: UInt64? = nil) throws -> String {
    let path = "\(directory)/\(UUID().uuidString)"
    let json = Array(header.utf8)
    let count = withUnsafeBytes(of: (length ?? UInt64(json.count)).littleEndian) { Array($0) }
    try FileWriter.write(count + json + [UInt8](repeating: 0, count: data), to: path)
    return path
  }

  func complaint(_ path: String) -> String? {
    do {
      for tensor in try SafetensorsFile(path).tensors { _ = try tensor.values() }
      return nil
    } catch let error as FileError {
      return error.path == path ? error.reason : "the wrong file: \(error)"
    } catch {
      return "not a FileError: \(error)"
    }
  }

  @Test func theReferenceFileIsRead() throws {
    let file = try SafetensorsFile(Scratch.fixture("reference.safetensors"))
    #expect(file.metadata == ["format": "pt"])
    #expect(file.tensors.count == 20)
    let float = try file.tensor("float")
    #expect(float.shape == [2, 3])
    #expect(try float.values() == [0.5, -1.25, 3e-8, 1e20, .infinity, -0.0])
    #expect(try file.tensor("half").values() == [0.5, -1.25, 65504, 0x1p-24])
    #expect(try file.tensor("brain").values() == [0.5, -1.25, 0x1.c4p127])
    #expect(try file.tensor("double").values() == [0.1, -1e-3])
    #expect(try file.tensor("scalar").shape == [])
    #expect(try file.tensor("scalar").values() == [2.65926])
    #expect(try file.tensor("empty").shape == [0, 4])
    #expect(try file.tensor("empty").values() == [])
    #expect(try file.tensor("Zwei \"quoted\" \\ \t\n\u{1} ü😀").values() == [7])
    let error = #expect(throws: FileError.self) { try file.tensor("int64").values() }
    #expect(error?.reason == "tensor int64 holds I64, expected F32, F16, BF16 or F64")
    #expect(throws: FileError.self) { try file.tensor("absent") }
  }

  @Test func whatIsWrittenIsTheReferenceFileByteForByte() throws {
    func bytes(_ name: String, _ shape: [Int], _ type: StoredType, _ bytes: [UInt8]) -> TensorSource {
      TensorSource(name, shape: shape, type: type) { body in try bytes.withUnsafeBytes { try body($0) } }
    }
    func numbers<Number>(_ name: String, _ type: StoredType, _ numbers: [Number]) -> TensorSource {
      bytes(name, [numbers.count], type, numbers.withUnsafeBytes { Array($0) })
    }
    let tensors = [
      TensorSource("a", shape: [1], values: [1]), TensorSource("B", shape: [1], values: [2]),
      TensorSource("Zwei \"quoted\" \\ \t\n\u{1} ü😀", shape: [1], values: [7]),
      TensorSource("float", shape: [2, 3], values: [0.5, -1.25, 3e-8, 1e20, .infinity, -0.0]),
      TensorSource("empty", shape: [0, 4], values: []), TensorSource("scalar", shape: [], values: [2.65926]),
      numbers("half", .float16, [UInt16(0x3800), 0xBD00, 0x7BFF, 0x0001]),
      numbers("brain", .bfloat16, [UInt16(0x3F00), 0xBFA0, 0x7F62]),
      numbers("double", .float64, [0.1, -1e-3]),
      numbers("int64", .int64, [Int64(0), 1, 2]), numbers("uint64", .uint64, [UInt64(0), 1, 2]),
      numbers("int32", .int32, [Int32(0), 1, 2]), numbers("uint32", .uint32, [UInt32(0), 1, 2]),
      numbers("int16", .int16, [Int16(0), 1, 2]), numbers("uint16", .uint16, [UInt16(0), 1, 2]),
      numbers("int8", .int8, [Int8(0), 1, 2]), numbers("uint8", .uint8, [UInt8(0), 1, 2]),
      numbers("bool", .boolean, [true, false, true]),
      numbers("e5m2", .float8E5M2, [UInt8(0x3C), 0x40, 0x44]), numbers("e4m3", .float8E4M3, [UInt8(0x38), 0x40, 0x48]),
    ]
    let path = "\(directory)/ours.safetensors"
    let written = try SafetensorsWriter.write(tensors, to: path)
    let ours = try FileReader.contents(of: path)
    #expect(try ours == FileReader.contents(of: Scratch.fixture("reference.safetensors")))
    #expect(written.bytes == ours.count && written.digest == Digest(of: ours))
  }

  @Test func twoTensorsOfOneNameAndBytesThatDoNotFitAreRefused() throws {
    let path = "\(directory)/refused"
    let one = TensorSource("one", shape: [2], values: [1, 2])
    let other = TensorSource("one", shape: [1], type: .uint8) { _ in }
    #expect(throws: FileError.self) { try SafetensorsWriter.write([one, other], to: path) }
    let error = #expect(throws: FileError.self) {
      try SafetensorsWriter.write([TensorSource("few", shape: [3], values: [1, 2])], to: path)
    }
    #expect(error?.reason == "tensor few gave 8 bytes, expected 12 for [3]")
    #expect(!Directory.exists(path))
  }

  static let tensor = #""t":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}"#

  @Test(arguments: [
    (#"[]"#, 0, "expected '{'"),
    (#" {}"#, 0, "expected '{'"),
    (#"{"#, 0, "found the end"),
    ("{\(tensor)}", 7, "it was cut short"),
    ("{\(tensor)}", 9, "something was appended"),
    ("{\(tensor),\(tensor)}", 8, "\"t\" occurs twice"),
    (#"{"t":{"dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 8, "\"dtype\" occurs twice"),
    (#"{"__metadata__":{"a":"b","a":"c"}}"#, 0, "\"a\" occurs twice"),
    (#"{"__metadata__":{"a":1}}"#, 0, "expected '\"'"),
    (#"{"t":{"dtype":"F33","shape":[2],"data_offsets":[0,8]}}"#, 8, "unknown dtype \"F33\""),
    (#"{"t":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"x":[1]}}"#, 8, "unknown field \"x\""),
    (#"{"t":{"dtype":"F32","shape":[2]}}"#, 8, "lacks one of"),
    (#"{"t":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}"#, 8, "expected [begin, end]"),
    (#"{"t":{"dtype":"F32","shape":[2],"data_offsets":[0,4,8]}}"#, 8, "expected [begin, end]"),
    (#"{"t":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#, 8, "has 8 bytes, expected 12 for F32 [3]"),
    (#"{"t":{"dtype":"F32","shape":[9223372036854775807,4],"data_offsets":[0,8]}}"#, 8, "expected more than 2^63"),
    (#"{"t":{"dtype":"F32","shape":[9223372036854775808],"data_offsets":[0,8]}}"#, 8, "larger than 2^63 - 1"),
    (#"{"t":{"dtype":"F32","shape":[4294967296,4294967296,0],"data_offsets":[0,0]}}"#, 0, "more than 2^63"),
    (#"{"t":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}"#, 8, "expected a whole number"),
    (#"{"t":{"dtype":"F32","shape":[2.0],"data_offsets":[0,8]}}"#, 8, "expected ']'"),
    (#"{"t":{"dtype":"F32","shape":[02],"data_offsets":[0,8]}}"#, 8, "expected a whole number"),
    (#"{"t":{"dtype":"F32","shape":[[2]],"data_offsets":[0,8]}}"#, 8, "expected a whole number"),
    (#"{"t":\#(String(repeating: "[", count: 100_000))}"#, 8, "expected '{'"),
    (#"{\#(tensor)} {}"#, 8, "expected the end"),
    (#"{"\ud800":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 8, "surrogate"),
    (#"{"\x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 8, "after a backslash"),
    ("{\"a\nb\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 8, "inside a text"),
    (
      #"{\#(tensor),"u":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}}"#, 8, "tensor u overlaps the tensor before it"
    ),
    (#"{\#(tensor),"u":{"dtype":"U8","shape":[4],"data_offsets":[9,13]}}"#, 13, "tensor u leaves a hole before it"),
  ])
  func aBadHeaderIsNamed(header: String, data: Int, expected: String) throws {
    let complaint = complaint(try file(header, data: data))
    #expect(complaint?.contains(expected) == true, "\(complaint ?? "accepted")")
  }

  @Test func aHeaderLongerThanTheFileReservesNoMemory() throws {
    for length in [UInt64.max, 1 << 63, 100_000_001, 99_999_999, 64] {
      #expect(complaint(try file("{}", data: 0, length: length))?.contains("not a whole safetensors file") == true)
    }
    let short = "\(directory)/short"
    try FileWriter.write([2, 0, 0], to: short)
    #expect(complaint(short)?.contains("at least 8") == true)
  }

  @Test func paddingAndEscapesAreAccepted() throws {
    let json = #"{"\u0074\ud83d\ude00\/" : {"dtype":"F32", "shape":[ 2 ], "data_offsets":[0,8]}}   "#
    #expect(try SafetensorsFile(try file(json, data: 8)).tensors.map(\.name) == ["t😀/"])
    #expect(try SafetensorsFile(try file("{}", data: 0)).tensors.isEmpty)
  }

  @Test func noChangedByteOfAHeaderCrashesTheReader() throws {
    let bytes = try FileReader.contents(of: Scratch.fixture("reference.safetensors"))
    let headerEnd = 8 + Int(bytes[0]) + Int(bytes[1]) << 8
    var generator = SystemRandomNumberGenerator()
    let path = "\(directory)/fuzzed"
    try FileWriter.write(bytes, to: path)
    let file = try #require(FileHandle(forUpdatingAtPath: path))
    var accepted = 0
    for round in 0..<4000 {
      var fuzzed = bytes
      // Every byte of the header once with one bit flipped, then a few bytes at random.
      for _ in 0..<(round < headerEnd ? 1 : Int.random(in: 1...8, using: &generator)) {
        let place = round < headerEnd ? round : Int.random(in: 0..<headerEnd, using: &generator)
        fuzzed[place] = round < headerEnd ? bytes[place] ^ 1 : UInt8.random(in: 0...255, using: &generator)
      }
      try file.seek(toOffset: 0)
      try file.write(contentsOf: fuzzed)
      if let complaint = complaint(path) {
        #expect(!complaint.hasPrefix("the wrong file") && !complaint.hasPrefix("not a FileError"))
      } else {
        accepted += 1
      }
    }
    // A name may change, or a type into another of the same size; a file of another size never passes.
    #expect(accepted < 2000)
  }

  @Test func everyTruncationIsFound() throws {
    let bytes = try FileReader.contents(of: Scratch.fixture("reference.safetensors"))
    let path = "\(directory)/cut"
    try FileWriter.write(bytes, to: path)
    let file = try #require(FileHandle(forUpdatingAtPath: path))
    for count in (0..<bytes.count).reversed() {
      try file.truncate(atOffset: UInt64(count))
      #expect(throws: FileError.self) { try SafetensorsFile(path) }
    }
  }
}
