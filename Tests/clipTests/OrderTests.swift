import Foundation
import Testing

extension RankTests {
  /// Which samples a step reads depends on data, weights and seed, and on nothing else. Steps show it by their losses: in
  /// single precision they agree to 1e-5 where the samples do, and differ by far more where one does not.
  @Suite struct OrderTests {
    let scratch: Scratch

    init() throws {
      scratch = try Trained.copyOfDataset()
      try scratch.writeShapes(60, to: "more", from: 300)
      try scratch.succeed(["pack", "more", "--into", "more-shards", "--samples-per-shard", "25"])
    }

    private static let steps = 6

    private func command(into run: String, weights: String?, _ more: String...) -> [String] {
      let settings = ["precision=fp32", "microBatch=8", "checkpoint.everySteps=2", "checkpoint.keepLast=9"]
      var command = Trained.command(into: run, steps: Self.steps) + settings.flatMap { ["--set", $0] }
      command += ["--data", "more-shards"] + (weights.map { ["--data-weights", $0] } ?? [])
      return command + more
    }

    private func losses(_ run: String) throws -> [Double] {
      let journal = try JournalLine.all(of: run, in: scratch)
      #expect(journal.map(\.step) == Array(1...Self.steps))
      return journal.map(\.loss)
    }

    /// The largest difference between the losses of two runs, relative.
    private func difference(_ run: String, _ other: String) throws -> Double {
      zip(try losses(run), try losses(other)).map { abs($0 - $1) / $1 }.max() ?? .infinity
    }

    @Test(arguments: [nil, "0.5,2"] as [String?]) func ranksAndThreadsReadTheSameSamples(weights: String?) throws {
      try scratch.succeed(command(into: "alone", weights: weights, "--threads", "1"))
      for ranks in [nil, 2, 4] as [Int?] {
        for threads in [1, 3] {
          let run = "\(ranks ?? 1)-\(threads)"
          try scratch.succeed(command(into: run, weights: weights, "--threads", "\(threads)"), ranks: ranks)
          #expect(try difference(run, "alone") < 1e-5, "\(run)")
        }
      }
      // Other samples from the same start, which the losses tell.
      try scratch.succeed(command(into: "others", weights: "0.5,2.1", "--threads", "1"))
      #expect(try difference("others", "alone") > 1e-3)
    }

    /// 72 and 120 samples make an epoch of three batches of 64.
    @Test func aRunWithWeightsGoesOnWhereItStood() throws {
      let log = try scratch.succeed(command(into: "run", weights: "0.5,2"), ranks: 2).errors
      #expect(log.hasPrefix("204 samples (weights 0.5,2) · "))
      #expect(try JournalLine.all(of: "run", in: scratch).map(\.epoch) == (1...6).map { Double($0) / 3 })
      let model = try scratch.read("run/step-000000006/model.safetensors"), before = try losses("run")
      for (step, ranks) in [(4, 2), (2, 4)] {
        for later in stride(from: step + 2, through: 6, by: 2) { try scratch.remove("run/step-00000000\(later)") }
        let result = try scratch.succeed(command(into: "run", weights: "0.50,2.0"), ranks: ranks)
        #expect(result.errors.contains("resuming run after step \(step)"))
        #expect(zip(try losses("run"), before).allSatisfy { abs($0 - $1) < 1e-5 * $1 })
        if ranks == 2 { #expect(try scratch.read("run/step-000000006/model.safetensors") == model) }
      }
    }

    @Test func weightsArePartOfTheRun() throws {
      try scratch.succeed(command(into: "run", weights: "0.5,2"))
      try scratch.remove("run/step-000000006")
      try scratch.fail(
        command(into: "run", weights: "1,2"), ranks: 2, with: 64, "run: the run was started with the weights 0.5,2",
        "--data-weights now gives the weights 1,2", "--allow-change data")
      try scratch.fail(command(into: "run", weights: nil), with: 64, "the weights 0.5,2 ", "now gives no weights")
      try scratch.succeed(command(into: "run", weights: "1,2", "--allow-change", "data"))
      // From now on these are the run's.
      try scratch.fail(command(into: "run", weights: "0.5,2"), with: 64, "the weights 1,2 ", "the weights 0.5,2")

      try scratch.succeed(command(into: "plain", weights: nil))
      #expect(!(try scratch.text("plain/step-000000006/state.json").contains("weights")))
      try scratch.fail(command(into: "plain", weights: "1,1"), with: 64, "with no weights", "the weights 1,1")
      try scratch.fail(
        command(into: "none", weights: "0.000001,0.000001"), with: 2, "data weights: 0.000001,0.000001", "less than one"
      )
      #expect(!scratch.exists("none"))
    }
  }
}
