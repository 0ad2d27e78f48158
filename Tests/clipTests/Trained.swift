import Foundation
import Testing

/// A dataset, a vocabulary of its captions and a run of two ranks on it, made once for all tests that only look at them
/// or change copies.
struct Trained: Sendable {
  static let samples = 144
  static let steps = 240
  static let vocabularySize = 550

  /// Holds `pictures`, `shards`, `vocabulary.txt` and `run`.
  let scratch: Scratch
  /// What training printed.
  let log: ClipProgram.Result

  /// The dataset, which needs no ranks to be made.
  static let packed = Result { try Packed() }
  /// The run.
  static let shared = Result { try Trained() }

  struct Packed: Sendable {
    let scratch: Scratch
    let log: ClipProgram.Result

    init() throws {
      scratch = try Scratch.untilExit()
      try scratch.writeShapes(Trained.samples)
      log = try scratch.succeed(["pack", "pictures", "--into", "shards", "--samples-per-shard", "50"])
      try scratch.succeed([
        "vocabulary", "learn", "shards", "--size", "\(Trained.vocabularySize)", "--into", "vocabulary.txt",
      ])
    }
  }

  private init() throws {
    scratch = try Self.packed.get().scratch
    let validation = ["--validation", "shards", "--set", "evaluation.everySteps=120"]
    log = try scratch.succeed(Self.command() + validation, ranks: 2)
  }

  /// The command that trains, in a scratch with the dataset and the vocabulary.
  static func command(
    recipe: String = "tiny", data: String = "shards", into run: String = "run", steps: Int = steps,
    _ changes: String...
  ) -> [String] {
    let settings = ["vocabulary=vocabulary.txt", "model.text_cfg.vocab_size=\(vocabularySize)", "steps=\(steps)"]
    return ["train", "--recipe", recipe, "--data", data, "--into", run]
      + (settings + changes).flatMap { ["--set", $0] }
  }

  /// A scratch of a test's own, with the dataset and the vocabulary.
  static func copyOfDataset() throws -> Scratch {
    let copy = try Scratch()
    try copyDataset(to: copy)
    return copy
  }

  static func copyDataset(to scratch: Scratch) throws {
    let source = try packed.get().scratch
    for name in ["shards", "vocabulary.txt"] { try scratch.copy(source(name), to: name) }
  }
}
