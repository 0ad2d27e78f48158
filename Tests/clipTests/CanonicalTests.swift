import Foundation
import Testing

extension RankTests {
  /// Runs that add in canonical order leave the same bytes on any power of two of ranks, and go on with them on any other.
  @Suite struct CanonicalTests {
    let scratch: Scratch

    init() throws { scratch = try Trained.copyOfDataset() }

    private func command(into run: String, _ more: String...) -> [String] {
      Trained.command(
        into: run, steps: 8, "checkpoint.everySteps=2", "checkpoint.keepLast=9", "reduction.order=canonical",
        "microBatch=8")
        + more.flatMap { ["--set", $0] }
    }

    /// Weights and moments of a checkpoint. What is compressed is cut into blocks by rank.
    private func tensors(_ checkpoint: String) throws -> [Data] {
      let names = try scratch.names(checkpoint).filter { $0.contains(".safetensors") }.sorted()
      #expect(names.count >= 2)
      return try names.map { name in
        let path = scratch("\(checkpoint)/\(name)")
        guard name.hasSuffix(".zst") else { return try Data(contentsOf: URL(fileURLWithPath: path)) }
        let process = Process(), output = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["zstd", "-dc", path]
        process.standardOutput = output
        try process.run()
        let bytes = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0 && !bytes.isEmpty)
        return bytes
      }
    }

    private func expectSameBytes(_ found: String, _ expected: String) throws {
      for step in [2, 4, 6, 8] {
        let checkpoint = "step-00000000\(step)"
        #expect(
          try tensors("\(found)/\(checkpoint)") == tensors("\(expected)/\(checkpoint)"), "\(found), \(checkpoint)")
      }
      for (found, expected) in zip(
        try JournalLine.all(of: found, in: scratch), try JournalLine.all(of: expected, in: scratch))
      {
        #expect(found.loss == expected.loss && found.gradientNorm == expected.gradientNorm, "step \(found.step)")
        #expect(found.imageAccuracy == expected.imageAccuracy && found.textAccuracy == expected.textAccuracy)
      }
    }

    @Test(arguments: ["bf16", "fp32"]) func everyNumberOfRanksLeavesTheSameBytes(precision: String) throws {
      try scratch.succeed(command(into: "alone", "precision=\(precision)"))
      let runs: [(ranks: Int?, shard: String, threads: Int)] = [
        (nil, "optimizer", 2), (2, "optimizer", 1), (2, "none", 2), (4, "optimizer", 1), (4, "none", 1),
        (8, "optimizer", 1),
      ]
      for run in runs {
        let name = "\(run.ranks ?? 1)-\(run.shard)"
        try scratch.succeed(
          command(into: name, "precision=\(precision)", "shard=\(run.shard)") + ["--threads", "\(run.threads)"],
          ranks: run.ranks)
        try expectSameBytes(name, "alone")
      }
      // Not the bytes of the order of ranks, or there would be nothing to choose.
      try scratch.succeed(command(into: "ranks", "precision=\(precision)", "reduction.order=ranks"), ranks: 2)
      #expect(try tensors("ranks/step-000000008") != tensors("alone/step-000000008"))
    }

    @Test func otherNumbersOfRanksGoOnWithTheSameBytes() throws {
      try scratch.succeed(command(into: "alone"))
      try scratch.succeed(command(into: "run"), ranks: 4)
      for (after, ranks) in [(2, 2), (4, nil), (6, 4)] as [(Int, Int?)] {
        for step in stride(from: after + 2, through: 8, by: 2) { try scratch.remove("run/step-00000000\(step)") }
        let result = try scratch.succeed(command(into: "run"), ranks: ranks)
        #expect(result.errors.contains("resuming run after step \(after)"))
      }
      try expectSameBytes("run", "alone")
    }

    @Test func whatCannotBeAddedInThatOrderIsRefused() throws {
      let refusals: [(changes: [String], ranks: Int?, reasons: (String, String))] = [
        (["reduction.wire=bf16"], 2, ("reduction.wire: found bf16, expected fp32", "reduction.order is canonical")),
        (
          ["shard=parameters"], 2,
          ("shard: found parameters, expected none or optimizer", "reduction.order is canonical")
        ),
        (["globalBatch=72"], 3, ("reduction.order: canonical found 3 ranks, expected a power of two", "take 2")),
        (["microBatch=32"], 4, ("microBatch: found 32, expected a divisor of the 16 pairs", "set microBatch=16")),
        (["microBatch=24"], nil, ("microBatch: found 24, expected a divisor of the 64 pairs", "set microBatch=16")),
      ]
      for refusal in refusals {
        try scratch.fail(
          command(into: "run") + refusal.changes.flatMap { ["--set", $0] }, ranks: refusal.ranks, with: 2,
          refusal.reasons.0, refusal.reasons.1, "set ")
      }
      #expect(!scratch.exists("run"))
    }

    /// The order of additions and, here, micro-batches decide what is computed.
    @Test func theOrderIsPartOfTheRun() throws {
      try scratch.succeed(command(into: "run"), ranks: 2)
      try scratch.fail(
        command(into: "run", "reduction.order=ranks"), ranks: 2, with: 64,
        "reduction.order was \"canonical\", now is \"ranks\"")
      try scratch.fail(command(into: "run", "microBatch=4"), ranks: 2, with: 64, "microBatch was 8, now is 4")
    }
  }
}
