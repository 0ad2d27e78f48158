import Testing

extension RankTests {
  /// Runs whose optimizer or model is sharded leave the same files as others, and go on as others.
  @Suite struct ShardingTests {
    let scratch: Scratch

    init() throws { scratch = try Trained.copyOfDataset() }

    private func command(into run: String, shard: String, _ more: String...) -> [String] {
      Trained.command(into: run, steps: 8, "checkpoint.everySteps=4", "shard=\(shard)")
        + more.flatMap { ["--set", $0] }
    }

    /// Weights and moments of a checkpoint.
    private func tensors(_ checkpoint: String) throws -> [[UInt8]] {
      try ["model.safetensors", "optimizer-000.safetensors.zst"].map { try scratch.read("\(checkpoint)/\($0)") }
    }

    // A rank's pairs are one micro-batch: several would be summed over the ranks one by one where blocks are shared.
    @Test(arguments: [2, 4], ["optimizer", "parameters"])
    func shardedRunsLeaveTheSameBytes(ranks: Int, shard: String) throws {
      try scratch.succeed(command(into: "whole", shard: "none"), ranks: ranks)
      // It matters to the files neither who keeps what nor whether training waits for them.
      try scratch.succeed(command(into: "sharded", shard: shard, "checkpoint.background=\(ranks == 2)"), ranks: ranks)
      for step in ["step-000000004", "step-000000008"] {
        #expect(try tensors("sharded/\(step)") == tensors("whole/\(step)"), "\(step)")
      }
      try scratch.succeed(["verify", "sharded"])
      // Each goes on as the other.
      for (run, shard) in [("whole", shard), ("sharded", "none")] {
        let expected = try tensors("\(run)/step-000000008")
        try scratch.remove("\(run)/step-000000008")
        let result = try scratch.succeed(command(into: run, shard: shard), ranks: ranks)
        #expect(result.errors.contains("resuming \(run) after step 4"))
        #expect(try tensors("\(run)/step-000000008") == expected, "\(run)")
      }
    }

    /// Each part of the run on another number of ranks, from the checkpoint of the one before.
    @Test func anotherNumberOfRanksGoesOn() throws {
      let command = command(
        into: "run", shard: "optimizer", "precision=fp32", "checkpoint.everySteps=2", "checkpoint.keepLast=9",
        "steps=10")
      try scratch.succeed(command, ranks: 8)
      let expected = try JournalLine.all(of: "run", in: scratch)
      #expect(expected.count == 10)
      for (step, ranks) in [(2, 4), (4, 2), (6, nil), (8, 8)] {
        for later in stride(from: step + 2, through: 10, by: 2) {
          try scratch.remove("run/step-0000000\(later < 10 ? "0" : "")\(later)")
        }
        let result = try scratch.succeed(command, ranks: ranks)
        #expect(result.errors.contains("resuming run after step \(step)"))
        let found = try JournalLine.all(of: "run", in: scratch)
        #expect(found.map(\.step) == Array(1...10))
        for (found, expected) in zip(found, expected) {
          #expect(abs(found.loss - expected.loss) < 1e-5 * expected.loss, "step \(found.step), \(ranks ?? 1) ranks")
        }
      }
    }

    /// What one kind of run began, others go on with, on any number of ranks; several micro-batches a step.
    @Test func everyKindGoesOnWhereAnotherStopped() throws {
      func command(_ shard: String) -> [String] {
        self.command(
          into: "run", shard: shard, "precision=fp32", "microBatch=8", "checkpoint.everySteps=2",
          "checkpoint.keepLast=9")
      }
      try scratch.succeed(command("parameters"), ranks: 2)
      let expected = try JournalLine.all(of: "run", in: scratch)
      let kinds: [(shard: String, ranks: Int?)] = [("none", 2), ("optimizer", 4), ("parameters", nil)]
      for (index, kind) in kinds.enumerated() {
        for step in stride(from: 2 * index + 4, through: 8, by: 2) { try scratch.remove("run/step-00000000\(step)") }
        let result = try scratch.succeed(command(kind.shard), ranks: kind.ranks)
        #expect(result.errors.contains("resuming run after step \(2 * index + 2)"))
      }
      try scratch.remove("run/step-000000008")
      try scratch.succeed(command("parameters"), ranks: 4)
      let found = try JournalLine.all(of: "run", in: scratch)
      #expect(found.count == 8)
      for (found, expected) in zip(found, expected) {
        #expect(abs(found.loss - expected.loss) < 1e-5 * expected.loss, "step \(found.step)")
        #expect(abs(found.gradientNorm - expected.gradientNorm) < 1e-4 * expected.gradientNorm, "step \(found.step)")
      }
    }

    /// Seven pictures cannot be shared equally by four ranks, and ranks that share the blocks have to embed together.
    @Test func validationAndWeightsToStartFromNeedNoWholeModel() throws {
      try scratch.writeShapes(7, to: "seven")
      try scratch.succeed(["pack", "seven", "--into", "seven-shards"])
      try scratch.succeed(command(into: "first", shard: "none"), ranks: 2)
      let more = ["--validation", "seven-shards", "--initial-weights", "first"]
      var validations: [[String: Double]?] = []
      for shard in ["none", "parameters"] {
        try scratch.succeed(command(into: shard, shard: shard, "seed=1") + more, ranks: 4)
        validations.append(try JournalLine.all(of: shard, in: scratch).last?.validation)
      }
      #expect(try tensors("parameters/step-000000008") == tensors("none/step-000000008"))
      #expect(try tensors("parameters/step-000000008") != tensors("first/step-000000008"))
      #expect(validations[0] == validations[1] && validations[0]?.count == 6)
      // Three batches: one rank has one of them and the other two.
      let uneven = try ["none", "parameters"].map { shard in
        let run = "uneven-\(shard)"
        try scratch.succeed(command(into: run, shard: shard) + ["--validation", "shards"], ranks: 2)
        return try JournalLine.all(of: run, in: scratch).last?.validation
      }
      #expect(uneven[0] == uneven[1] && uneven[0]?.count == 6)
    }

    @Test func theWireIsPartOfTheRun() throws {
      try scratch.succeed(command(into: "run", shard: "optimizer", "reduction.wire=bf16"), ranks: 2)
      try scratch.succeed(command(into: "whole", shard: "none", "reduction.wire=bf16"), ranks: 2)
      #expect(try tensors("run/step-000000008") == tensors("whole/step-000000008"))
      try scratch.fail(
        command(into: "run", shard: "optimizer"), ranks: 2, with: 64, "reduction.wire was \"bf16\", now is \"fp32\"")
    }

    /// The recipe of a run that was started before there were such keys means what was done then.
    @Test func aRecipeFromBeforeTheKeysMeansTheirDefaults() throws {
      try scratch.succeed(command(into: "run", shard: "none"), ranks: 2)
      let recipe = try scratch.text("run/recipe.json")
        .replacing(#/ *"reduction" : \{[^}]*\},\n/#, with: "").replacing(#/ *"shard" : "none",\n/#, with: "")
      #expect(!recipe.contains("wire") && !recipe.contains("shard"))
      try scratch.write(recipe, to: "run/recipe.json")
      try scratch.fail(
        command(into: "run", shard: "none", "reduction.wire=bf16"), ranks: 2, with: 64,
        "reduction.wire was \"fp32\", now is \"bf16\"")
      try scratch.remove("run/step-000000008")
      let result = try scratch.succeed(command(into: "run", shard: "optimizer"), ranks: 2)
      #expect(result.errors.contains("resuming run after step 4"))
    }
  }
}
