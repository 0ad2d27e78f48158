import Testing

extension RankTests {
  /// A ModifiedResNet trains, resumes and takes its statistics along.
  @Suite(.enabled(if: ClipProgram.hasMPI, "mpirun is not installed")) struct ResidualTrainingTests {
    private static let tower = #"model.vision_cfg={"image_size":32,"layers":[1,2,1,1],"width":8,"head_width":32}"#

    private func command(_ more: String...) -> [String] {
      Trained.command(steps: 6, Self.tower, "checkpoint.everySteps=2", "checkpoint.keepLast=3")
        + more.flatMap { ["--set", $0] }
    }

    @Test(arguments: ["rank", "world"]) func goesOnToTheSameBytes(batchNorm: String) throws {
      let scratch = try Trained.copyOfDataset()
      let arguments = command("batchNorm=\(batchNorm)", "globalBatch=32", "microBatch=8")
      try scratch.succeed(arguments, ranks: 2)
      let whole = try scratch.read("run/step-000000006/model.safetensors")
      let losses = try JournalLine.all(of: "run", in: scratch).map(\.loss)
      #expect(losses.count == 6 && losses.allSatisfy(\.isFinite))
      try scratch.remove("run/step-000000006")
      try scratch.succeed(arguments, ranks: 2)
      #expect(try scratch.read("run/step-000000006/model.safetensors") == whole)
      #expect(try JournalLine.all(of: "run", in: scratch).map(\.loss) == losses)
      try scratch.succeed(["verify", "run"])
      try scratch.succeed(["evaluate", "retrieval", "--weights", "run", "--data", "shards"])
    }

    @Test func whatAResNetCannotIsSaid() throws {
      let scratch = try Trained.copyOfDataset()
      try scratch.fail(
        command("reduction.order=canonical"), ranks: 2, with: 2,
        "reduction.order: canonical cannot be with a ModifiedResNet")
      try scratch.fail(
        command("batchNorm=all"), ranks: 2, with: 2, "batchNorm: found \"all\", expected one of rank, world")
      try scratch.fail(
        command("model.vision_cfg.image_size=40"), ranks: 2, with: 2, "image_size",
        "a multiple of 32 for a ModifiedResNet")
    }
  }
}
