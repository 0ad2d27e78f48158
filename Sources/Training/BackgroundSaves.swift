import Checkpoints
import Collectives
import Files
import Foundation
import Tensors
import Towers

/// The checkpoints of a run, which all ranks write together while training goes on.
///
/// Each rank copies its share at the end of a step and has it written by a thread. Threads know nothing of other ranks,
/// so what became of their work is agreed upon at the end of later steps (``ControlWord``): when all shares are written
/// the first rank makes a checkpoint of them, and when that is done, or something failed, everybody is told.
final class BackgroundSaves {
  private let parameters: ParameterStore
  private let moments: Moments
  private let recipe: Recipe
  private let world: any Communicator
  private let writer: CheckpointWriter
  /// Where the numbers of each part are in the flat order of all elements, and which numbers.
  private let origins: [TensorPart: Origin]
  private var stage = Stage.idle

  private struct Origin {
    let kind: CheckpointTensors.Kind
    let elements: Range<Int>
  }

  private enum Stage {
    case idle
    case writing(step: Int, state: [UInt8], earlier: (@Sendable () throws -> Void)?)
    case committing(step: Int)
  }

  /// What became of a checkpoint.
  struct Outcome {
    let step: Int
    /// Whether there is none; known to all ranks.
    let isRefused: Bool
    /// Why there is none, on the first rank.
    let refusal: FileError?
    /// Lines to show, on the first rank.
    let warnings: [String]
  }

  /// Reserves the memory for this rank's share. Every rank calls it.
  init(
    _ store: CheckpointStore, _ parameters: ParameterStore, _ moments: Moments, _ recipe: Recipe,
    in world: any Communicator
  ) {
    self.parameters = parameters
    self.moments = moments
    self.recipe = recipe
    self.world = world
    // Whoever keeps slices writes those; where all ranks keep everything, it is cut in the same way.
    let partition = moments.partition.shared(among: world.size)
    let shares = (0..<world.size).map { rank in CheckpointTensors.parts(of: parameters, partition.slices(of: rank)) }
    origins = Dictionary(
      uniqueKeysWithValues: shares[world.rank].map { ($0.part, Origin(kind: $0.kind, elements: $0.elements)) })
    writer = CheckpointWriter(
      store, CheckpointShares(of: CheckpointTensors.layout(of: parameters), among: shares.map { $0.map(\.part) }),
      rank: world.rank, behind: recipe.checkpoint.background)
  }

  /// Whether a checkpoint is on its way.
  var isUnderWay: Bool {
    if case .idle = stage { false } else { true }
  }

  /// Whether this rank's thread is at work.
  var isBusy: Bool { writer.isBusy }

  /// Begins a checkpoint; the one before has ended. Every rank calls it.
  ///
  /// - Parameter earlier: makes durable, on the first rank, what must never be older than the checkpoint.
  func begin(_ state: TrainingState, after earlier: (@Sendable () throws -> Void)?) throws {
    guard case .idle = stage else { preconditionFailure("a checkpoint is on its way") }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    stage = .writing(step: state.step, state: Array(try encoder.encode(state)), earlier: earlier)
    writer.begin(step: state.step) { part in
      guard let origin = origins[part] else { preconditionFailure("\(part) is not of this rank") }
      return CheckpointTensors.numbers(origin.kind, origin.elements, of: parameters, moments)
    }
  }

  /// Goes on from what the threads of all ranks have done. Every rank calls it, when none of them is busy or each is to
  /// wait.
  ///
  /// - Returns: what became of the checkpoint, once it is known.
  func settle() throws -> Outcome? {
    switch stage {
    case .idle: return nil
    case .writing(let step, let state, let earlier):
      let result = writer.finish().mapError { error in
        FileError(error.path, "\(error.reason), on rank \(world.rank) on \(ProcessInfo.processInfo.hostName)")
      }
      let written = try world.collect(Report(result).bytes).map { Report(bytes: $0) }
      let failed = written.firstIndex { $0.error != nil }
      guard try world.broadcast(failed == nil ? 0 : 1) == 0 else {
        stage = .idle
        if world.isFirst { writer.discard() }
        return Outcome(step: step, isRefused: true, refusal: failed.flatMap { written[$0].error }, warnings: [])
      }
      stage = .committing(step: step)
      if world.isFirst {
        writer.commit(
          written.map(\.digests), files: [(Checkpoint.stateFile, state), ("recipe.json", Array(recipe.json.utf8))],
          after: earlier ?? {})
      }
      return nil
    case .committing(let step):
      let result = writer.finishCommit()
      let isRefused: Bool
      var (refusal, warnings) = (FileError?.none, [String]())
      switch result {
      case .success(let lines): (isRefused, warnings) = (false, lines)
      case .failure(let error): (isRefused, refusal) = (true, error)
      }
      stage = .idle
      return Outcome(
        step: step, isRefused: try world.broadcast(isRefused ? 1 : 0) == 1, refusal: refusal, warnings: warnings)
    }
  }

  /// Waits until there is a checkpoint, or none. Every rank calls it.
  func finish() throws -> Outcome? {
    var outcome: Outcome?
    while isUnderWay { outcome = try settle() }
    return outcome
  }

  /// What one rank tells the first: the digests of its blocks, or why it has none.
  private struct Report {
    let digests: [Digest]
    let error: FileError?

    init(_ result: Result<[Digest], FileError>) {
      switch result {
      case .success(let digests): (self.digests, error) = (digests, nil)
      case .failure(let error): (digests, self.error) = ([], error)
      }
    }

    /// A zero and the digests, or the path, a zero and the reason: no path begins with a zero.
    var bytes: [UInt8] {
      if let error { return Array("\(error.path)\0\(error.reason)".utf8) }
      return [0] + digests.flatMap { digest in withUnsafeBytes(of: digest.value.littleEndian) { Array($0) } }
    }

    init(bytes: [UInt8]) {
      guard bytes.first == 0 else {
        let texts = bytes.split(separator: 0, maxSplits: 1).map { String(decoding: $0, as: UTF8.self) }
        (digests, error) = ([], FileError(texts.first ?? "", texts.last ?? ""))
        return
      }
      digests = stride(from: 1, to: bytes.count, by: 8).map { first in
        Digest(value: bytes[first..<first + 8].reversed().reduce(0) { $0 << 8 | UInt64($1) })
      }
      error = nil
    }
  }
}
