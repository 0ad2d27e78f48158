import Checkpoints
import Files
import Foundation
import Testing

@Suite struct CheckpointStoreTests {
  let run: String

  init() throws { run = try Scratch.directory() + "/run" }

  let model = [TensorSource("w", shape: [2, 2], values: [1, 2, 3, 4]), TensorSource("b", shape: [], values: [5])]
  let optimizer = (0..<5).map { TensorSource("first_moment.\($0)", shape: [3], values: [Float($0), 1, 2]) }

  @discardableResult
  func write(_ step: Int, to store: CheckpointStore? = nil) throws -> Checkpoint {
    let store = store ?? CheckpointStore(run)
    let written = try store.write(
      step: step, model: model, optimizer: optimizer, state: Array("{\"step\": \(step)}".utf8),
      files: [("recipe.json", Array("{}".utf8))], optimizerFileBytes: 24)
    try store.prune(after: written)
    return written
  }

  func steps() throws -> [Int] { try CheckpointStore(run).list().compactMap(\.step) }

  /// Writes bytes over a file as a broken disk would, without the care of `FileWriter`.
  func damage(_ path: String, _ change: (inout Data) -> Void) throws {
    var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    change(&bytes)
    try bytes.write(to: URL(fileURLWithPath: path))
  }

  @Test func whatIsWrittenIsRead() throws {
    let checkpoint = try write(1234)
    #expect(checkpoint.directory == "\(run)/step-000001234" && checkpoint.step == 1234)
    #expect(
      try Directory.names(in: checkpoint.directory) == [
        "MANIFEST.json", "model.safetensors", "optimizer-000.safetensors", "optimizer-001.safetensors",
        "optimizer-002.safetensors", "recipe.json", "state.json",
      ])
    #expect(checkpoint.problems().isEmpty)
    #expect(try checkpoint.model().tensor("w").values() == [1, 2, 3, 4])
    let moments = try checkpoint.optimizer()
    #expect(moments.map(\.name) == (0..<5).map { "first_moment.\($0)" })
    #expect(try moments[4].values() == [4, 1, 2])
    #expect(try String(decoding: checkpoint.state(), as: UTF8.self) == "{\"step\": 1234}")
    #expect(try CheckpointStore(run).newestValid().checkpoint == checkpoint)
    #expect(try CheckpointStore("\(run)/none").newestValid().checkpoint == nil)
  }

  @Test func everyChangedByteIsFound() throws {
    let checkpoint = try write(7)
    var flips = 0
    for name in try Directory.names(in: checkpoint.directory) {
      let path = "\(checkpoint.directory)/\(name)"
      let file = try #require(FileHandle(forUpdatingAtPath: path))
      defer { try? file.close() }
      func put(_ byte: UInt8, at place: Int) throws {
        try file.seek(toOffset: UInt64(place))
        try file.write(contentsOf: [byte])
      }
      for (place, byte) in try FileReader.contents(of: path).enumerated() {
        // One bit each; 0x20 turns the case of letters, which a lenient reader would not see.
        try put(byte ^ (place % 2 == 0 ? 0x20 : 1 << UInt8(place / 2 % 8)), at: place)
        let problems = checkpoint.problems()
        #expect(problems.count == 1 && problems[0].hasPrefix(path), "byte \(place) of \(name): \(problems)")
        try put(byte, at: place)
        flips += 1
      }
    }
    #expect(flips > 1500)
    #expect(checkpoint.problems().isEmpty)
  }

  @Test func everyTruncationAndGrowthIsFound() throws {
    let checkpoint = try write(7)
    for name in try Directory.names(in: checkpoint.directory) {
      let path = "\(checkpoint.directory)/\(name)"
      let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
      let file = try #require(FileHandle(forUpdatingAtPath: path))
      for count in (0..<bytes.count).reversed() {
        try file.truncate(atOffset: UInt64(count))
        #expect(checkpoint.problems(contents: false).first?.hasPrefix(path) == true, "\(name) cut to \(count)")
      }
      try file.close()
      try (bytes + [0x20]).write(to: URL(fileURLWithPath: path))
      #expect(checkpoint.problems(contents: false).first?.hasPrefix(path) == true)
      try Directory.remove(path)
      #expect(checkpoint.problems(contents: false).first?.hasPrefix(path) == true)
      try bytes.write(to: URL(fileURLWithPath: path))
    }
    #expect(checkpoint.problems().isEmpty)
    try FileWriter.write([], to: "\(checkpoint.directory)/more")
    #expect(checkpoint.problems() == ["\(checkpoint.directory)/more: is not named in MANIFEST.json"])
  }

  @Test func anotherStepsDirectoryIsNotMistaken() throws {
    let checkpoint = try write(7)
    try Directory.rename(checkpoint.directory, to: "\(run)/step-000000008")
    #expect(Checkpoint("\(run)/step-000000008").problems().first?.contains("is the checkpoint of step 7") == true)
  }

  @Test func theNewestThatIsValidIsFoundAndTheOthersAreNamed() throws {
    for step in [10, 20, 30] { try write(step) }
    try damage("\(run)/step-000000030/model.safetensors") { $0[100] ^= 4 }
    try damage("\(run)/step-000000020/MANIFEST.json") { $0.removeLast() }
    let newest = try CheckpointStore(run).newestValid()
    #expect(newest.checkpoint?.step == 10)
    #expect(newest.warnings.count == 2)
    #expect(newest.warnings[0].contains("step-000000030/model.safetensors: has digest xxh64:"))
    #expect(newest.warnings[1].contains("step-000000020/MANIFEST.json: does not end with the digest"))
    // Only the weights matter to those who only read them.
    try damage("\(run)/step-000000010/state.json") { $0[0] ^= 1 }
    #expect(try CheckpointStore(run).newestValid().checkpoint == nil)
    #expect(try CheckpointStore(run).newestValid(of: "model.safetensors").checkpoint?.step == 10)
  }

  @Test func retentionKeepsTheLastAndEveryNth() throws {
    let store = CheckpointStore(run, keepLast: 2, keepEvery: 40)
    for step in stride(from: 10, through: 100, by: 10) { try write(step, to: store) }
    #expect(try steps() == [40, 80, 90, 100])
    #expect(try Directory.names(in: run).count == 4)
  }

  @Test func retentionTouchesNothingElse() throws {
    let foreign = [
      "step-1.backup", "foo-step-000000001", "step-000000001.bak", "step-00000001", "step-0000000001", "step-00000000a",
      "step-+00000001",
    ]
    for name in foreign { try Directory.create("\(run)/\(name)") }
    let store = CheckpointStore(run, keepLast: 0)
    try write(1, to: store)
    try write(2, to: store)
    #expect(try steps() == [2])
    try store.removeLeftovers()
    #expect(try Directory.names(in: run) == (foreign + ["step-000000002"]).sorted())
  }

  @Test func damagedCheckpointsDoNotCountAndNewerOnesAreLeft() throws {
    let store = CheckpointStore(run, keepLast: 2)
    try write(10, to: store)
    try write(20, to: store)
    try Directory.remove("\(run)/step-000000020/state.json")
    try write(50, to: CheckpointStore(run, keepLast: 9))
    try damage("\(run)/step-000000050/model.safetensors") { $0[100] ^= 4 }
    // A run that fell back to 10 writes 30: 20 is damaged and does not count, 50 lies ahead.
    try write(30, to: store)
    #expect(try steps() == [10, 20, 30, 50])
    try write(40, to: store)
    #expect(try steps() == [20, 30, 40, 50])
  }

  @Test func aDamagedCheckpointOfTheSameStepIsReplacedAndAValidOneKept() throws {
    let checkpoint = try write(10)
    try damage("\(checkpoint.directory)/state.json") { $0[0] ^= 1 }
    try write(10)
    #expect(checkpoint.problems().isEmpty)
    let other = try CheckpointStore(run).write(step: 10, model: [], optimizer: [], state: [])
    #expect(try other.model().tensors.count == 2)
    #expect(try Directory.names(in: run) == ["step-000000010"])
  }

  @Test func aFailedWriteLeavesTheOldAndNothingElse() throws {
    struct DiskFull: Error {}
    try write(10, to: CheckpointStore(run, keepLast: 1))
    let failing = TensorSource("w", shape: [2], type: .float32) { _ in throw DiskFull() }
    #expect(throws: DiskFull.self) {
      try CheckpointStore(run, keepLast: 1).write(step: 20, model: model, optimizer: [failing], state: [])
    }
    #expect(try Directory.names(in: run) == ["step-000000010"])
  }

  @Test func leftoversOfAKilledRunAreRemoved() throws {
    try write(10)
    for name in ["step-000000020.tmp-4711", "step-000000009.old-12"] {
      try Directory.create("\(run)/\(name)")
      try FileWriter.write([1], to: "\(run)/\(name)/model.safetensors")
    }
    #expect(try steps() == [10])
    try CheckpointStore(run).removeLeftovers()
    #expect(try Directory.names(in: run) == ["step-000000010"])
  }
}
