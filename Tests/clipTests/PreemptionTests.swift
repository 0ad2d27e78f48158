import Foundation
import Glibc
import Testing

extension RankTests {
  /// Signals that ask for an end, deaths that ask for a restart, and two runs that want one directory.
  @Suite struct PreemptionTests {
    let scratch: Scratch
    let undisturbed: ResumeTests.Undisturbed

    init() throws {
      scratch = try Trained.copyOfDataset()
      undisturbed = try ResumeTests.Undisturbed.shared.get()
    }

    private var lines: Int { (try? JournalLine.all(of: "run", in: scratch).count) ?? 0 }

    private func await(_ program: ClipProgram, _ condition: () -> Bool) {
      let deadline = ContinuousClock.now + .seconds(60)
      while !condition(), program.isRunning, ContinuousClock.now < deadline { Thread.sleep(forTimeInterval: 0.002) }
    }

    private func launch(_ restarts: Int) throws -> ClipProgram {
      try ClipProgram(
        ["launch", "--max-restarts", "\(restarts)", "--"] + ClipProgram.mpirun(2) + [ClipProgram.path]
          + ResumeTests.command(into: "run"), ranks: nil, in: scratch.path)
    }

    private func newestStep() throws -> Int {
      let name = try #require(scratch.names("run").last { $0.hasPrefix("step-") })
      return try #require(Int(name.dropFirst(5)))
    }

    private func endsAsIfNothingHadHappened() throws {
      try scratch.succeed(ResumeTests.command(into: "run"), ranks: 2)
      #expect(try scratch.read("run/step-000000012/model.safetensors") == undisturbed.model)
      let journal = try JournalLine.all(of: "run", in: scratch)
      #expect(journal.map(\.step) == Array(1...ResumeTests.steps))
      #expect(journal.map(\.loss) == undisturbed.losses)
    }

    @Test(arguments: [1, 4, 7]) func aSignalStopsItWithACheckpoint(step: Int) throws {
      let program = try ClipProgram(ResumeTests.command(into: "run"), ranks: 2, in: scratch.path)
      self.await(program) { lines >= step }
      Thread.sleep(forTimeInterval: Double.random(in: 0..<0.1))
      #expect(kill(program.launcher, SIGUSR1) == 0)
      let result = program.wait()
      #expect(result.status == 143 && result.orphans.isEmpty, "\(result.errors)")
      #expect(result.errors.contains("stopped by a signal after step "), "\(result.errors)")
      #expect(try newestStep() == lines && (step..<ResumeTests.steps).contains(lines))
      try endsAsIfNothingHadHappened()
    }

    /// A rank alone, without mpirun, is asked itself.
    @Test func oneRankStopsToo() throws {
      let program = try ClipProgram(ResumeTests.command(into: "run"), ranks: nil, in: scratch.path)
      self.await(program) { lines >= 1 }
      #expect(kill(program.launcher, SIGUSR1) == 0)
      #expect(program.wait().status == 143)
      #expect(try newestStep() == lines)
    }

    @Test(arguments: [SIGTERM, SIGINT]) func theSupervisorTurnsRequestsIntoCheckpoints(signal: Int32) throws {
      let program = try launch(5)
      self.await(program) { lines >= 3 }
      #expect(kill(program.launcher, signal) == 0)
      let result = program.wait()
      #expect(result.status == 143 && result.orphans.isEmpty, "\(result.errors)")
      #expect(try newestStep() == lines && lines < ResumeTests.steps)
      try endsAsIfNothingHadHappened()
    }

    @Test func aSecondRequestEndsItAtOnce() throws {
      let program = try launch(5)
      self.await(program) { lines >= 3 }
      #expect(kill(program.launcher, SIGTERM) == 0 && kill(program.launcher, SIGTERM) == 0)
      Thread.sleep(forTimeInterval: 0.05)
      _ = kill(program.launcher, SIGINT)
      let result = program.wait()
      #expect(result.status != 0 && result.orphans.isEmpty, "\(result.errors)")
      try scratch.succeed(["verify", "run"])
      try endsAsIfNothingHadHappened()
    }

    @Test func theDeadAreStartedAgainUntilTheRunIsDone() throws {
      let program = try launch(20)
      var kills = 0
      while program.isRunning, kills < 4 {
        let before = lines
        // Where a step is lost and taken again, the journal first has fewer lines.
        self.await(program) { lines > before && lines >= 2 * kills + 1 }
        Thread.sleep(forTimeInterval: Double.random(in: 0..<0.2))
        guard let rank = program.processes.filter({ $0 != program.launcher }).randomElement() else { continue }
        if kill(rank, SIGKILL) == 0 { kills += 1 }
      }
      let result = program.wait()
      #expect(result.status == 0 && result.orphans.isEmpty, "\(result.errors)")
      #expect(kills > 0 && result.errors.contains("restart 1 of 20"), "\(result.errors)")
      #expect(try scratch.read("run/step-000000012/model.safetensors") == undisturbed.model)
      #expect(try JournalLine.all(of: "run", in: scratch).map(\.loss) == undisturbed.losses)
    }

    @Test func mistakesAreNotTriedAgain() throws {
      let command = ["launch", "--"] + ClipProgram.mpirun(2) + [ClipProgram.path]
      try scratch.fail(
        command + Trained.command(into: "run", steps: 1, "globalBatch=63"), with: 2, "globalBatch: 63 pairs")
      try scratch.fail(["launch", "--", "no-such-program"], with: 1, "no-such-program: cannot be started")
      #expect(try scratch.clip("launch").status == 2)
    }

    @Test func twoRunsDoNotShareADirectory() throws {
      let program = try ClipProgram(ResumeTests.command(into: "run"), ranks: 2, in: scratch.path)
      self.await(program) { lines >= 1 }
      try scratch.fail(
        ResumeTests.command(into: "run"), ranks: 2, with: 64, "run is in use by process ",
        ProcessInfo.processInfo.hostName)
      #expect(program.wait().status == 0)
      #expect(try scratch.read("run/step-000000012/model.safetensors") == undisturbed.model)
      #expect(!scratch.exists("run/.lock"))
    }

    @Test func checkpointsAreListed() throws {
      try scratch.succeed(
        Trained.command(into: "run", steps: 4, "checkpoint.everySteps=2", "checkpoint.keepLast=2"), ranks: 2)
      let text = try scratch.succeed(["checkpoints", "run"]).output.split(separator: "\n")
      #expect(text.count == 3 && text[1].contains("  yes") && text[2].contains(" 4  "), "\(text)")
      try scratch.change("run/step-000000002/state.json") { $0[5] ^= 1 }
      let damaged = try scratch.clip("checkpoints", "run", "--json")
      let lines = try #require(
        JSONSerialization.jsonObject(with: Data(damaged.output.utf8)) as? [[String: Any]])
      #expect(damaged.status == 74)
      #expect(lines.map { $0["step"] as? Int } == [2, 4] && lines.map { $0["valid"] as? Bool } == [false, true])
    }
  }
}
