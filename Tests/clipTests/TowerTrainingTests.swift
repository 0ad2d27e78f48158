import Checkpoints
import Testing

extension RankTests {
  /// Runs with locked towers, blocks that are computed again and patches that are left out.
  @Suite struct TowerTrainingTests {
    let scratch: Scratch

    init() throws { scratch = try Trained.copyOfDataset() }

    private static let lit = ["lock.image=true", "lock.imageUnlockedGroups=1"]
    private static let everything =
      lit + [
        "lock.text=true", "lock.textUnlockedGroups=2", "activationCheckpointing=true", "patchDropout=0.4",
        "microBatch=8",
      ]

    private func command(into run: String, _ changes: [String]) -> [String] {
      Trained.command(into: run, steps: 8, "checkpoint.everySteps=4") + changes.flatMap { ["--set", $0] }
    }

    private func weights(_ run: String, step: Int = 8) throws -> [String: [Float]] {
      let file = try SafetensorsFile(scratch("\(run)/step-00000000\(step)/model.safetensors"))
      return try Dictionary(uniqueKeysWithValues: file.tensors.map { ($0.name, try file.tensor($0.name).values()) })
    }

    /// LiT: the image tower of another run stays as it is, bit for bit, and captions learn to find its pictures.
    @Test func aLockedTowerKeepsTheWeightsItStartsWith() throws {
      try scratch.copy(Trained.shared.get().scratch("run"), to: "start")
      let last = Trained.steps
      for (shard, ranks) in [("optimizer", nil), ("none", 2), ("parameters", 2)] as [(String, Int?)] {
        let run = "run-\(shard)"
        try scratch.succeed(
          command(into: run, ["lock.image=true", "shard=\(shard)", "seed=1"]) + ["--initial-weights", "start"],
          ranks: ranks)
        let before = try SafetensorsFile(scratch("start/step-000000\(last)/model.safetensors"))
        let after = try weights(run)
        #expect(after.count == before.tensors.count)
        for (name, values) in after {
          #expect((try before.tensor(name).values() == values) == name.hasPrefix("visual."), "\(run): \(name)")
        }
      }
      let losses = try ["optimizer", "none", "parameters"].map { shard in
        try JournalLine.all(of: "run-\(shard)", in: scratch).map(\.loss)
      }
      for other in losses.dropFirst() {
        #expect(zip(other, losses[0]).allSatisfy { abs($0 - $1) <= 2e-2 * $1 }, "\(losses)")
      }
    }

    @Test(arguments: [nil, 2]) func goesOnToTheSameBytes(ranks: Int?) throws {
      let arguments = command(into: "run", Self.everything)
      try scratch.succeed(arguments, ranks: ranks)
      let whole = try scratch.read("run/step-000000008/model.safetensors")
      let losses = try JournalLine.all(of: "run", in: scratch).map(\.loss)
      #expect(losses.count == 8 && losses.allSatisfy(\.isFinite))
      try scratch.remove("run/step-000000008")
      try scratch.succeed(arguments, ranks: ranks)
      #expect(try scratch.read("run/step-000000008/model.safetensors") == whole)
      #expect(try JournalLine.all(of: "run", in: scratch).map(\.loss) == losses)
    }

    @Test func everyNumberOfRanksLeavesTheSameBytes() throws {
      let changes = Self.everything + ["reduction.order=canonical"]
      try scratch.succeed(command(into: "alone", changes))
      let expected = try scratch.read("alone/step-000000008/model.safetensors")
      for (ranks, shard) in [(2, "optimizer"), (4, "none")] {
        let run = "\(ranks)"
        try scratch.succeed(command(into: run, changes + ["shard=\(shard)"]), ranks: ranks)
        #expect(try scratch.read("\(run)/step-000000008/model.safetensors") == expected, "\(ranks) ranks")
      }
    }

    /// What is computed does not change with what is kept; it does with patches that are left out.
    @Test func whatIsKeptChangesNothing() throws {
      for (run, change) in [
        ("plain", "seed=0"), ("again", "activationCheckpointing=true"), ("fewer", "patchDropout=0.25"),
      ] {
        try scratch.succeed(command(into: run, [change]))
      }
      let plain = try scratch.read("plain/step-000000008/model.safetensors")
      #expect(try scratch.read("again/step-000000008/model.safetensors") == plain)
      #expect(try scratch.read("fewer/step-000000008/model.safetensors") != plain)
    }

    @Test func lockingIsPartOfTheRun() throws {
      try scratch.succeed(command(into: "run", Self.lit))
      try scratch.remove("run/step-000000008")
      let locked = try weights("run", step: 4)
      let unlocked = ["lock.image=false", "lock.imageUnlockedGroups=0"]
      try scratch.fail(
        command(into: "run", unlocked), with: 64, "lock.image was true, now is false", "lock.imageUnlockedGroups was 1")
      try scratch.succeed(
        command(into: "run", unlocked) + ["--allow-change", "lock.image", "--allow-change", "lock.imageUnlockedGroups"])
      for (name, values) in try weights("run") { #expect(values != locked[name], "\(name)") }
      // Nothing but memory depends on it.
      try scratch.succeed(command(into: "more", []))
      try scratch.remove("more/step-000000008")
      try scratch.succeed(command(into: "more", ["activationCheckpointing=true"]))
    }

    @Test func whatCannotBeIsSaid() throws {
      try scratch.fail(
        command(into: "run", ["lock.image=true", "lock.imageUnlockedGroups=5"]), with: 2,
        "lock.imageUnlockedGroups: found 5, expected at most 4")
      #expect(!scratch.exists("run"))
    }
  }
}
