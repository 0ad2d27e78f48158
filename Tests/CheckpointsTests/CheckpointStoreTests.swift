import Checkpoints
import Files
import Foundation
import Synchronization
import Tensors
import Testing

@Suite struct CheckpointStoreTests {
  let run: String

  init() throws {
    run = try Scratch.directory() + "/run"
    try Directory.create(run)
  }

  let model = [WeightTensor("w", shape: [2, 2]) { [1, 2, 3, 4] }, WeightTensor("b", shape: []) { [5] }]
  let optimizer = (0..<5).map { index in WeightTensor("first_moment.\(index)", shape: [3]) { [Float(index), 1, 2] } }

  @discardableResult
  func write(_ step: Int, to store: CheckpointStore? = nil, ranks: Int = 1) throws -> Checkpoint {
    try (store ?? CheckpointStore(run)).write(
      step: step, model: model, optimizer: optimizer, state: Array("{\"step\": \(step)}".utf8),
      files: [("recipe.json", Array("{}".utf8))], optimizerFileBytes: 24, ranks: ranks)
  }

  /// All numbers of some tensors, as a reader hands them over.
  func read(_ checkpoint: Checkpoint, _ tensors: [WeightTensor]) throws -> [String: [Float]] {
    let found = Mutex<[String: [Float]]>([:])
    try CheckpointReader(checkpoint).read(tensors.map { TensorPart($0.name, 0..<$0.count) }) { part, range, bytes in
      found.withLock {
        $0[part.name, default: [Float](repeating: .nan, count: part.elements.count)].withUnsafeMutableBytes {
          UnsafeMutableRawBufferPointer(rebasing: $0[range]).copyMemory(from: bytes)
        }
      }
    }
    return found.withLock { $0 }
  }

  func steps() throws -> [Int] { try CheckpointStore(run).list().compactMap(\.step) }

  /// Writes bytes over a file as a broken disk would, without the care of `FileWriter`.
  func damage(_ path: String, _ change: (inout Data) -> Void) throws {
    var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    change(&bytes)
    try bytes.write(to: URL(fileURLWithPath: path))
  }

  @Test(arguments: 1...3) func whatIsWrittenIsRead(ranks: Int) throws {
    let checkpoint = try write(1234, ranks: ranks)
    #expect(checkpoint.directory == "\(run)/step-000001234" && checkpoint.step == 1234)
    #expect(
      try Directory.names(in: checkpoint.directory) == [
        "MANIFEST.json", "model.safetensors", "optimizer-000.safetensors.zst", "optimizer-001.safetensors.zst",
        "optimizer-002.safetensors.zst", "recipe.json", "state.json",
      ])
    #expect(checkpoint.problems().isEmpty)
    #expect(try checkpoint.model().tensor("w").values() == [1, 2, 3, 4])
    for tensor in model + optimizer { #expect(try read(checkpoint, [tensor]) == [tensor.name: tensor.values()]) }
    #expect(try read(checkpoint, model + optimizer).count == 7)
    #expect(try String(decoding: CheckpointReader(checkpoint).state(), as: UTF8.self) == "{\"step\": 1234}")
    #expect(try CheckpointStore(run).newestValid().checkpoint == checkpoint)
    #expect(try CheckpointStore("\(run)/none").newestValid().checkpoint == nil)
  }

  @Test func filesAreTheSameWhoeverWritesThem() throws {
    // Three blocks of one rank, and zeros that compression takes out.
    let count = 2_300_000
    let large = [WeightTensor("large", shape: [count]) { (0..<count).map { Float($0 % 7) } }]
    let moments = [
      WeightTensor("noise", shape: [1000]) { (0..<1000).map { Float(sin(Double($0))) } },
      WeightTensor("zeros", shape: [count]) { [Float](repeating: 0, count: count) },
    ]
    let checkpoints = try [1, 2, 5].map {
      try CheckpointStore(run, keepLast: 9).write(step: $0, model: large, optimizer: moments, state: [], ranks: $0)
    }
    let plain = "\(run)/plain.safetensors"
    for checkpoint in checkpoints {
      #expect(
        try FileReader.contents(of: "\(checkpoint.directory)/model.safetensors")
          == FileReader.contents(of: "\(checkpoints[0].directory)/model.safetensors"))
      // Any zstd reads them.
      let compressed = "\(checkpoint.directory)/optimizer-000.safetensors.zst"
      let zstd = try Process.run(
        URL(fileURLWithPath: "/usr/bin/env"), arguments: ["zstd", "-dqf", compressed, "-o", plain])
      zstd.waitUntilExit()
      #expect(zstd.terminationStatus == 0)
      for tensor in moments { #expect(try SafetensorsFile(plain).tensor(tensor.name).values() == tensor.values()) }
      var status = stat()
      #expect(stat(compressed, &status) == 0 && status.st_blocks * 512 < 100_000, "\(status.st_blocks) blocks")
    }
    #expect(
      Set(try checkpoints.map { try FileReader.contents(of: "\($0.directory)/MANIFEST.json") }).count == 3,
      "each was written in other blocks")
  }

  @Test func trainingGoesOnWhileItIsWritten() throws {
    let count = 20_000_000
    let values = Tensor(rows: 1, columns: count)
    let tensor = WeightTensor("w", shape: [count]) { [] }
    let store = CheckpointStore(run)
    let writer = CheckpointStore.writers(store, model: [tensor], optimizer: [], ranks: 1)[0]
    var wasStillBusy = false
    // Where other tests hold this thread up, 80 MB may be written before 20 million numbers are.
    for step in 1...9 where !wasStillBusy {
      values.withMutableFloats { $0.update(repeating: Float(step)) }
      writer.begin(step: step) { values.columns($0.elements) }
      values.withMutableFloats { $0.update(repeating: -1) }
      wasStillBusy = writer.isBusy
      writer.commit([try writer.finish().get()], files: [], after: {})
      #expect(try writer.finishCommit().get() == [])
      let found = try #require(store.list().last).model().tensor("w").values()
      #expect(found.count == count && found.allSatisfy { $0 == Float(step) })
    }
    #expect(wasStillBusy, "each time all was written before the numbers changed: this test has shown nothing")
  }

  @Test func theCheckpointComesAfterWhatItMustNotOutlive() throws {
    struct Refusal: Error {}
    let store = CheckpointStore(run)
    let writer = CheckpointStore.writers(store, model: model, optimizer: [], ranks: 1)[0]
    writer.begin(step: 1) { Tensor(rows: 1, columns: $0.elements.count) }
    writer.commit([try writer.finish().get()], files: [], after: { throw Refusal() })
    #expect(throws: FileError.self) { try writer.finishCommit().get() }
    #expect(try Directory.names(in: run).isEmpty)
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
    // Who resumes proves what nobody asks for again as well.
    _ = try CheckpointReader(checkpoint)
    try damage("\(checkpoint.directory)/recipe.json") { $0[0] ^= 1 }
    #expect(throws: FileError.self) { try CheckpointReader(checkpoint) }
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
    // Only the weights, and what tells how to use them, matter to those who only read them.
    #expect(try CheckpointStore(run).newestValid(of: .weights).checkpoint?.step == 10)
    try damage("\(run)/step-000000010/state.json") { $0[0] ^= 1 }
    #expect(try CheckpointStore(run).newestValid().checkpoint == nil)
    #expect(try CheckpointStore(run).newestValid(of: .weights).checkpoint?.step == 10)
    try damage("\(run)/step-000000010/recipe.json") { $0[0] ^= 1 }
    #expect(try CheckpointStore(run).newestValid(of: .weights).checkpoint == nil)
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
      "step-+00000001", "step-1.tmp", "other.old", "step-000000001.tmp-1",
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

  @Test func aDamagedCheckpointOfTheSameStepIsReplaced() throws {
    let checkpoint = try write(10)
    try damage("\(checkpoint.directory)/state.json") { $0[0] ^= 1 }
    try write(10)
    #expect(checkpoint.problems().isEmpty)
    #expect(try Directory.names(in: run) == ["step-000000010"])
  }

  @Test func aFailedWriteLeavesTheOldAndNothingElse() throws {
    let store = CheckpointStore(run, keepLast: 1)
    try write(10, to: store)
    let writers = CheckpointStore.writers(store, model: model, optimizer: optimizer, ranks: 2)
    // A file lies where the directory is to be.
    try FileWriter.write([], to: "\(run)/step-000000020.tmp")
    for writer in writers { writer.begin(step: 20) { Tensor(rows: 1, columns: $0.elements.count) } }
    for writer in writers {
      #expect(throws: FileError.self) { try writer.finish().get() }
      #expect(!writer.isBusy)
    }
    writers[0].discard()
    #expect(try Directory.names(in: run) == ["step-000000010"])
    // Nothing is written where the run's directory has vanished.
    try Directory.rename(run, to: "\(run)-elsewhere")
    writers[0].begin(step: 20) { Tensor(rows: 1, columns: $0.elements.count) }
    #expect(throws: FileError.self) { try writers[0].finish().get() }
    #expect(!Directory.exists(run))
    try Directory.rename("\(run)-elsewhere", to: run)
    // The same writers go on with the next.
    for writer in writers { writer.begin(step: 30) { Tensor(rows: 1, columns: $0.elements.count) } }
    writers[0].commit(try writers.map { try $0.finish().get() }, files: [], after: {})
    #expect(try writers[0].finishCommit().get() == [])
    #expect(try Directory.names(in: run) == ["step-000000030"])
  }

  @Test func leftoversOfAKilledRunAreRemoved() throws {
    try write(10)
    for name in ["step-000000020.tmp", "step-000000009.old"] {
      try Directory.create("\(run)/\(name)")
      try FileWriter.write([1], to: "\(run)/\(name)/model.safetensors")
    }
    #expect(try steps() == [10])
    try CheckpointStore(run).removeLeftovers()
    #expect(try Directory.names(in: run) == ["step-000000010"])
  }
}
