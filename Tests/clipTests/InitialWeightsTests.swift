import Checkpoints
import Testing

extension RankTests {
  /// A run that starts from weights of another size.
  @Suite(.enabled(if: ClipProgram.hasMPI, "mpirun is not installed")) struct InitialWeightsTests {
    /// Pictures of 32 pixels in patches of 8 and texts of 16 tokens become larger ones.
    private static let larger = ["model.vision_cfg.image_size=40", "model.text_cfg.context_length=20"]

    private func command(into run: String, _ more: String...) -> [String] {
      Trained.command(into: run, steps: 2, "optimizer.learningRate=0", "checkpoint.everySteps=1", "precision=fp32")
        + (Self.larger + more).flatMap { ["--set", $0] } + ["--initial-weights", "small"]
    }

    private func scratch() throws -> Scratch {
      let scratch = try Trained.copyOfDataset()
      try scratch.succeed(Trained.command(into: "small", steps: 1))
      return scratch
    }

    @Test func tablesAreInterpolatedAndTheRunGoesOn() throws {
      let scratch = try scratch()
      let lines = [
        "visual.positional_embedding: interpolated from 4 × 4 positions to 5 × 5, the first row kept\n",
        "positional_embedding: interpolated from 16 positions to 20\n",
      ]
      func tensors(_ run: String) throws -> [String: [Float]] {
        Dictionary(uniqueKeysWithValues: try Weights.open(scratch(run)).tensors.map { ($0.name, try $0.values()) })
      }
      let small = try tensors("small")
      var runs: [[String: [Float]]] = []
      for (run, shard, ranks) in [("alone", "none", 1), ("sharing", "parameters", 2)] {
        let log = try scratch.succeed(command(into: run, "shard=\(shard)"), ranks: ranks).errors
        // Once, whatever the number of ranks.
        for line in lines { #expect(log.ranges(of: line).count == 1, "\(log)") }
        runs.append(try tensors(run))
        #expect(runs.last?["visual.positional_embedding"]?.count == 26 * 64)
        #expect(
          runs.last?["visual.positional_embedding"]?.prefix(64) == small["visual.positional_embedding"]?.prefix(64))
        #expect(runs.last?["positional_embedding"]?.count == 20 * 32)
      }
      #expect(runs[0] == runs[1])
      #expect(small.allSatisfy { $0.key.hasSuffix("positional_embedding") || runs[0][$0.key] == $0.value })
      // The same command goes on from the run's own checkpoint.
      try scratch.remove("alone/step-000000002")
      let log = try scratch.succeed(command(into: "alone", "shard=none"), ranks: 1).errors
      #expect(log.contains("resuming alone after step 1") && !log.contains("interpolated"), "\(log)")
      #expect(try tensors("alone") == runs[0])
    }

    @Test func anythingElseStaysAnError() throws {
      let scratch = try scratch()
      try scratch.fail(
        command(into: "wide", "model.vision_cfg.width=128"), ranks: 2, with: 74,
        "tensor visual.positional_embedding has shape [17, 64], expected [26, 128]")
      try scratch.fail(
        command(into: "wide", "model.embed_dim=32"), ranks: 2, with: 74,
        "tensor visual.proj has shape [64, 256], expected")
      // A run does not change its size when it goes on.
      try scratch.fail(
        Trained.command(into: "small", steps: 1, "model.vision_cfg.image_size=40"), ranks: 2, with: 64,
        "model.vision_cfg.image_size was 32, now is 40")
      #expect(!scratch.exists("wide"))
    }
  }
}
