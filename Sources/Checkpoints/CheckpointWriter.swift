public import Files
import Foundation
import Synchronization
public import Tensors

/// Writes checkpoints while training goes on: this rank's bytes of them, and on the first rank what makes them one.
///
/// ``begin(step:copying:)`` copies what this rank writes, which is all that training waits for; a thread of its own,
/// which knows nothing of other ranks, then writes the copy into a directory beside the one to be. When the writers of
/// all ranks have finished, the first one's ``commit(_:files:after:)`` adds what proves the rest, and renames. One thing
/// is done at a time; who asks for the next waits for it.
public final class CheckpointWriter: Sendable {
  /// The checkpoints of the run.
  public let store: CheckpointStore
  private let shares: CheckpointShares
  private let rank: Int
  private let staging: CheckpointStaging
  private let worksBehind: Bool
  private let queue = DispatchQueue(label: "checkpoints")
  private let state = Mutex(State())

  private struct State {
    var step = 0
    var isBusy = false
    var written: Result<[Digest], FileError> = .success([])
    var committed: Result<[String], FileError> = .success([])
  }

  /// - Parameters:
  ///   - store: where checkpoints go.
  ///   - shares: who writes what.
  ///   - rank: this one.
  ///   - worksBehind: whether to write while training goes on, which takes memory for all this rank writes; else training
  ///     waits until its share is written.
  public init(_ store: CheckpointStore, _ shares: CheckpointShares, rank: Int, behind worksBehind: Bool = true) {
    self.store = store
    self.shares = shares
    self.rank = rank
    self.worksBehind = worksBehind
    staging = CheckpointStaging(shares, rank: rank, isWhole: worksBehind)
    // The first checkpoint need not wait for it.
    queue.async { [staging] in staging.touch() }
  }

  /// Whether something is still being written.
  public var isBusy: Bool { state.withLock { $0.isBusy } }

  /// Copies what this rank writes of a checkpoint, and begins to write it.
  ///
  /// - Parameters:
  ///   - step: steps done.
  ///   - source: the numbers of a part as one row.
  public func begin(step: Int, copying source: (TensorPart) -> Tensor) {
    queue.sync {}
    state.withLock { $0.step = step }
    guard worksBehind else {
      return write { block, body in
        staging.copy(block, from: source)
        return try staging.lend(block, body)
      }
    }
    for block in shares.blocks[rank] { staging.copy(block, from: source) }
    start { [self] in write { block, body in try staging.lend(block, body) } }
  }

  /// Waits until this rank's part is written.
  ///
  /// - Returns: the digests of its blocks, or why there are none.
  public func finish() -> Result<[Digest], FileError> {
    queue.sync {}
    return state.withLock { $0.written }
  }

  /// Begins to make a checkpoint of what all ranks have written; on the first one only.
  ///
  /// - Parameters:
  ///   - digests: what ``finish()`` returned on each rank.
  ///   - files: small files to keep with it, `state.json` among them.
  ///   - earlier: makes durable what must never be older than the checkpoint.
  public func commit(
    _ digests: [[Digest]], files: [(name: String, bytes: [UInt8])], after earlier: @escaping @Sendable () throws -> Void
  ) {
    queue.sync {}
    let step = state.withLock { $0.step }
    start { [self] in
      let result: Result<[String], FileError> = Self.fileErrors(in: temporary) {
        try earlier()
        let checkpoint = try store.commit(temporary, step: step, shares.entries(digests), files: files)
        do {
          try store.prune(after: checkpoint)
          return []
        } catch {
          return ["older checkpoints stay: \(error)"]
        }
      }
      if case .failure = result { try? Directory.remove(temporary) }
      state.withLock { $0.committed = result }
    }
  }

  /// Waits until the checkpoint is one.
  ///
  /// - Returns: lines to show, or why it is none.
  public func finishCommit() -> Result<[String], FileError> {
    queue.sync {}
    return state.withLock { $0.committed }
  }

  /// Removes what the ranks have written, some of which is missing; one rank does.
  public func discard() {
    queue.sync {}
    try? Directory.remove(temporary)
  }

  /// Where the checkpoint is until it is one.
  private var temporary: String { store.temporary(step: state.withLock { $0.step }) }

  private func start(_ work: @escaping @Sendable () -> Void) {
    state.withLock { $0.isBusy = true }
    queue.async { [self] in
      work()
      state.withLock { $0.isBusy = false }
    }
  }

  /// Lends the bytes of a block to what writes them and returns their digest.
  private typealias Lender = (CheckpointShares.Block, (UnsafeRawBufferPointer) throws -> Digest) throws -> Digest

  /// Writes this rank's part, and notes what came of it.
  private func write(_ lend: Lender) {
    let result = Self.fileErrors(in: temporary) { try write(into: temporary, lend) }
    state.withLock { $0.written = result }
  }

  private func write(into directory: String, _ lend: Lender) throws -> [Digest] {
    // Not the run's directory as well: where that has vanished, what is beside its checkpoints has too.
    try Directory.createWithin(directory)
    let own = shares.blocks[rank]
    var files: [Int: SharedFile] = [:]
    for (index, file) in shares.layout.files.enumerated()
    where rank == 0 || own.contains(where: { $0.content.file == index }) {
      let open = try SharedFile("\(directory)/\(file.name)")
      if rank == 0 { try open.setLength(shares.fileBytes[index]) }
      files[index] = open
    }
    let compression = try BlockCompression()
    let slot = Tensor(rows: 1, columns: own.map { ($0.stored.count + 3) / 4 }.max() ?? 0)
    let digests = try own.map { block in
      guard let file = files[block.content.file] else { preconditionFailure("a block of a file that is not open") }
      return try lend(block) { content in
        guard shares.layout.files[block.content.file].isCompressed else {
          try file.write(content, at: block.stored.lowerBound)
          return Digest(of: content)
        }
        return try slot.withMutableBytes { slot in
          let slot = UnsafeMutableRawBufferPointer(rebasing: slot[..<block.stored.count])
          let count = try compression.compress(content, into: slot)
          try file.write(UnsafeRawBufferPointer(rebasing: slot[..<count]), at: block.stored.lowerBound)
          return Digest(of: UnsafeRawBufferPointer(slot))
        }
      }
    }
    for file in files.sorted(by: { $0.key < $1.key }).map(\.value) { try file.sync() }
    return digests
  }

  /// Runs `body`; what it throws becomes an error of the disk.
  private static func fileErrors<Success>(
    in directory: String, _ body: () throws -> Success
  ) -> Result<Success, FileError> {
    do {
      return .success(try body())
    } catch let error as FileError {
      return .failure(error)
    } catch {
      return .failure(FileError(directory, "\(error)"))
    }
  }
}
