import Checkpoints
public import Collectives
import Files
import Glibc
import Synchronization
import Tensors
import Towers
public import Training

/// How fast a checkpoint of a model's size is copied, written, and verified and read back.
///
/// All ranks write it, as in training: each its share. A checkpoint holds three numbers a parameter: its value and both
/// moments. The first rank reads it as a rank does that keeps everything.
public struct CheckpointBenchmark: Sendable {
  private let recipe: Recipe
  private let name: String
  private let directory: String

  /// - Parameters:
  ///   - recipe: whose model's size the checkpoint has.
  ///   - name: the recipe's.
  ///   - directory: where a directory is made for it, and removed.
  public init(_ recipe: Recipe, named name: String, into directory: String) {
    self.recipe = recipe
    self.name = name
    self.directory = directory
  }

  /// Writes and reads.
  ///
  /// - Returns: what was found, on the first rank.
  /// - Throws: `FileError` of the disk, or ``BenchmarkError`` where something else is read than was written.
  public func run(in world: any Communicator) throws -> CheckpointReport? {
    let towers = TwoTowers(try recipe.model.configuration, precision: .fp32, forTraining: false)
    towers.parameters.initialize(seed: 0)
    guard Directory.isDirectory(directory) else { throw FileError(directory, "is no directory") }
    let place = "\(directory)/clip-benchmark-\(try world.broadcast(Int(getpid())))"
    defer { if world.isFirst { try? Directory.remove(place) } }
    try Directory.create(place)

    let contents = Contents(of: towers.parameters)
    let writer = CheckpointWriter(
      CheckpointStore(place), CheckpointShares(of: contents.layout, among: contents.shares(of: world.size)),
      rank: world.rank)
    var copying = 0.0
    // The second copy finds the memory touched, as every checkpoint of a run but the first does.
    for _ in 0..<2 {
      try world.barrier()
      copying = try world.largest(Durations.seconds { writer.begin(step: 1, copying: contents.numbers(of:)) })
      _ = try writer.finish().get()
    }
    try world.barrier()
    let writing = try world.largest(Durations.seconds { try write(writer, contents, in: world) })
    guard world.isFirst else {
      try world.barrier()
      return nil
    }
    let checkpoint = try CheckpointStore(place).list()[0]
    let (plain, reading) = try read(checkpoint, contents)
    try world.barrier()
    return CheckpointReport(
      recipe: name, bytes: contents.byteCount, copySeconds: copying, writeSeconds: writing,
      readSeconds: reading, plainReadSeconds: plain)
  }

  private func write(_ writer: CheckpointWriter, _ contents: Contents, in world: any Communicator) throws {
    writer.begin(step: 1, copying: contents.numbers(of:))
    let digests = try writer.finish().get()
    let all = try world.collect(digests.flatMap { digest in withUnsafeBytes(of: digest.value) { Array($0) } })
    guard world.isFirst else { return }
    writer.commit(
      all.map { bytes in
        bytes.withUnsafeBytes { bytes in
          stride(from: 0, to: bytes.count, by: 8).map {
            Digest(value: bytes.loadUnaligned(fromByteOffset: $0, as: UInt64.self))
          }
        }
      }, files: [("state.json", Array("{}".utf8))], after: {})
    _ = try writer.finishCommit().get()
  }

  /// Reads a checkpoint that no memory holds, first as `cat` would, then as a run does that resumes.
  private func read(_ checkpoint: Checkpoint, _ contents: Contents) throws -> (plain: Double, verified: Double) {
    let files = try Directory.names(in: checkpoint.directory).map { "\(checkpoint.directory)/\($0)" }
    for file in files { try FileReader(file).forget() }
    let plain = try Durations.seconds {
      let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 17, alignment: 64)
      defer { buffer.deallocate() }
      for file in files {
        let file = try FileReader(file)
        for offset in stride(from: 0, to: file.count, by: buffer.count) {
          try file.read(
            into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<min(buffer.count, file.count - offset)]),
            at: offset)
        }
      }
    }
    for file in files { try FileReader(file).forget() }
    let wrong = Mutex<TensorPart?>(nil)
    let verified = try Durations.seconds {
      try CheckpointReader(checkpoint).read(contents.parts) { part, range, bytes in
        // Takes as long as copying it into its place.
        let isSame = contents.numbers(of: part).withMutableBytes { expected in
          guard let own = expected.baseAddress, let found = bytes.baseAddress else { return bytes.isEmpty }
          return memcmp(own + range.lowerBound, found, bytes.count) == 0
        }
        if !isSame { wrong.withLock { $0 = part } }
      }
    }
    if let part = wrong.withLock({ $0 }) {
      throw BenchmarkError("tensor \(part.name) was read back otherwise than written")
    }
    return (plain, verified)
  }
}
