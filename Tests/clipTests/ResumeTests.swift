import Foundation
import Glibc
import Testing

extension RankTests {
  /// A run that is killed goes on with the same command, and ends as if nothing had happened.
  @Suite struct ResumeTests {
    static let steps = 12
    /// Small micro-batches make the steps slow enough to be hit.
    static func command(into run: String, precision: String = "bf16") -> [String] {
      Trained.command(
        into: run, steps: steps, "globalBatch=256", "microBatch=8", "checkpoint.everySteps=2", "checkpoint.keepLast=2",
        "precision=\(precision)")
    }

    /// The run that nobody disturbed, in a scratch with the dataset.
    struct Undisturbed: Sendable {
      static let shared = Result { try Undisturbed() }
      let model: [UInt8]
      let losses: [Double]
      /// Of the same run in single precision.
      let singleLosses: [Double]

      private init() throws {
        let scratch = try Trained.copyOfDataset()
        try scratch.succeed(ResumeTests.command(into: "run"), ranks: 2)
        model = try scratch.read("run/step-000000012/model.safetensors")
        losses = try JournalLine.all(of: "run", in: scratch).map(\.loss)
        try scratch.succeed(ResumeTests.command(into: "single", precision: "fp32"), ranks: 2)
        singleLosses = try JournalLine.all(of: "single", in: scratch).map(\.loss)
      }
    }

    let scratch: Scratch
    let undisturbed: Undisturbed

    init() throws {
      scratch = try Trained.copyOfDataset()
      undisturbed = try Undisturbed.shared.get()
    }

    private var lines: Int { (try? JournalLine.all(of: "run", in: scratch).count) ?? 0 }

    /// Starts the run, kills one of its ranks some time after a step, and waits until all have ended.
    private func kill(
      rank: Int, of ranks: Int?, afterStep step: Int, delay: Double, precision: String = "bf16"
    ) throws {
      let program = try ClipProgram(
        Self.command(into: "run", precision: precision), ranks: ranks, in: scratch.path)
      let deadline = ContinuousClock.now + .seconds(60)
      while lines < step, program.isRunning, ContinuousClock.now < deadline { Thread.sleep(forTimeInterval: 0.002) }
      Thread.sleep(forTimeInterval: delay)
      let processes = program.processes
      try #require(processes.count == ranks ?? 1, "after step \(step) there were \(processes.count) ranks")
      #expect(Glibc.kill(processes[rank], SIGKILL) == 0)
      let result = program.wait()
      #expect(result.status != 0 && result.orphans.isEmpty)
      #expect(lines < Self.steps, "the kill came too late to prove anything")
    }

    @Test(arguments: [(0, 1), (1, 2), (0, 3), (1, 5), (0, 6)])
    func killedAtARandomMomentItEndsWithTheSameBytes(rank: Int, step: Int) throws {
      let delay = Double.random(in: 0..<0.1)
      try kill(rank: rank, of: 2, afterStep: step, delay: delay)
      // A kill in the middle of writing leaves such a file.
      try scratch.write("{", to: "run/journal.jsonl.tmp-99")
      let result = try scratch.succeed(Self.command(into: "run"), ranks: 2)
      // The checkpoint of step 2 is there for certain when that of step 4 is begun.
      #expect(step < 4 || result.errors.contains("resuming run after step "), "\(result.errors)")
      #expect(try scratch.read("run/step-000000012/model.safetensors") == undisturbed.model, "delay \(delay)")
      let journal = try JournalLine.all(of: "run", in: scratch)
      #expect(journal.map(\.step) == Array(1...Self.steps))
      #expect(journal.map(\.loss) == undisturbed.losses)
      #expect(
        try scratch.names("run").filter { !$0.hasPrefix("events.out.tfevents.") } == [
          "journal.jsonl", "merges.txt", "recipe.json", "starts.jsonl", "step-000000010", "step-000000012",
        ])
      // Of the file with the steps that were lost nothing is left.
      #expect(try scratch.names("run").count == 7)
      try scratch.succeed(["verify", "run"])
    }

    /// Other sums in another order: the losses agree to the precision of the numbers, which they would not if a rank
    /// had seen other samples. (Rounded to bfloat16, weights that differ in their last bit soon differ by more.)
    @Test(arguments: [(2, nil), (nil, 2)] as [(Int?, Int?)])
    func anotherNumberOfRanksGoesOn(ranksBefore: Int?, ranksAfter: Int?) throws {
      try kill(rank: 0, of: ranksBefore, afterStep: 5, delay: 0, precision: "fp32")
      try scratch.succeed(Self.command(into: "run", precision: "fp32"), ranks: ranksAfter)
      let journal = try JournalLine.all(of: "run", in: scratch)
      #expect(journal.map(\.step) == Array(1...Self.steps))
      for (line, loss) in zip(journal, undisturbed.singleLosses) {
        #expect(abs(line.loss - loss) < 1e-5 * loss, "step \(line.step)")
      }
    }

    @Test func aDamagedCheckpointIsPassedOverAloud() throws {
      try kill(rank: 1, of: 2, afterStep: 7, delay: 0)
      let newest = try #require(scratch.names("run").last { $0.hasPrefix("step-") && $0.count == 14 })
      try scratch.change("run/\(newest)/model.safetensors") { $0[$0.count / 2] ^= 1 }
      let verified = try scratch.clip("verify", "run")
      #expect(verified.status == 74 && verified.output.contains("run/\(newest)/model.safetensors: has digest"))
      let result = try scratch.succeed(Self.command(into: "run"), ranks: 2)
      #expect(result.errors.contains("warning: passing over a damaged checkpoint: run/\(newest)/model.safetensors"))
      #expect(try scratch.read("run/step-000000012/model.safetensors") == undisturbed.model)
    }
  }
}
