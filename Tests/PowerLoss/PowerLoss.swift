import Checkpoints
import Files
import Foundation
import Tensors

/// Every moment of a trace at which the power may fail, and what is found afterwards.
struct PowerLoss {
  private(set) var states = 0
  private(set) var survived = 0
  private(set) var firstLoss: String?
  private let run: String
  private let scratch: String
  private let trace: Trace
  private var replay: Replay
  private var generator = CounterGenerator(seed: 0, stream: 0)
  /// Digests of `model.safetensors` that may be found, by step.
  private var known: [Int: Digest] = [:]
  /// Of so many pending changes all subsets are tried; of more, a sample.
  private static let most = 7
  private static let samples = 200

  /// - Parameters:
  ///   - run: the run's directory, as it is now that all calls are done.
  ///   - initial: a copy of what it was before.
  ///   - scratch: where what would be found is written, to be read as a run reads.
  init(run: String, initial: String, scratch: String, trace: Trace) throws {
    self.run = run
    self.scratch = scratch
    self.trace = trace
    replay = try Replay(initial, as: run)
    for directory in [initial, run] {
      for checkpoint in try CheckpointStore(directory).list() {
        known[checkpoint.step ?? -1] = Digest(
          of: try FileReader.contents(of: "\(checkpoint.directory)/model.safetensors"))
      }
    }
  }

  /// Lets the power fail before the first call and after each.
  mutating func enumerate() throws {
    var oldest = known.keys.min() ?? 0
    try fail(oldest: oldest, after: "nothing")
    for (index, call) in trace.calls.enumerated() where replay.perform(call) {
      // What a program was told is durable must be there: once the name of a checkpoint is, no older one will do.
      if let newest = try steps(of: replay.disk.found([Replay.name], lost)).max() { oldest = max(oldest, newest) }
      try fail(oldest: oldest, after: "call \(index), \(call.name)")
    }
  }

  private var lost: [Disk.Fate] { replay.disk.pending.map { _ in .lost } }

  private mutating func fail(oldest: Int, after moment: String) throws {
    let count = replay.disk.pending.count
    for number in 0..<(count <= Self.most ? 1 << count : Self.samples) {
      var fates: [Disk.Fate] = []
      for index in 0..<count {
        let isDone = count <= Self.most ? number >> index & 1 == 1 : Bool.random(using: &generator)
        // Writes are done in part as well.
        let isTorn = number % 3 == 2 && Bool.random(using: &generator)
        fates.append(!isDone ? .lost : isTorn ? .torn : .done)
      }
      states += 1
      if let problem = try problem(fates, oldest: oldest) {
        if firstLoss == nil { firstLoss = "after \(moment): \(problem)" }
      } else {
        survived += 1
      }
    }
  }

  /// What is wrong with what is found; nil for nothing.
  private func problem(_ fates: [Disk.Fate], oldest: Int) throws -> String? {
    let found = replay.disk.found([Replay.name], fates)
    try Directory.remove(scratch)
    guard let found else { return "the run's directory is gone" }
    try write(found, to: scratch)
    let store = CheckpointStore(scratch)
    // What a resuming run does first.
    try store.removeLeftovers()
    let (newest, warnings) = try store.newestValid()
    guard let newest, let step = newest.step else { return "no checkpoint can be trusted: \(warnings)" }
    guard step >= oldest else {
      return "the checkpoint of step \(step) is left, that of \(oldest) was durable: \(warnings)"
    }
    guard try Digest(of: FileReader.contents(of: "\(newest.directory)/model.safetensors")) == known[step] else {
      return "the checkpoint of step \(step) seems valid and is not what was written"
    }
    return nil
  }

  private func steps(of found: Disk.Found?) throws -> [Int] {
    guard case .directory(let entries) = found else { return [] }
    return entries.keys.compactMap { Checkpoint("/\($0)").step }
  }

  private func write(_ found: Disk.Found, to path: String) throws {
    switch found {
    case .file(let bytes): try Data(bytes).write(to: URL(fileURLWithPath: path))
    case .directory(let entries):
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
      for (name, entry) in entries { try write(entry, to: "\(path)/\(name)") }
    }
  }
}
