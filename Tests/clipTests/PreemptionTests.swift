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
      let name = try #require(scratch.names("run").last { $0.hasPrefix("step-") && $0.count == 14 })
      return try #require(Int(name.dropFirst(5)))
    }

    private func endsAsIfNothingHadHappened() throws {
      try scratch.succeed(ResumeTests.command(into: "run"), ranks: 2)
      #expect(try scratch.read("run/step-000000012/model.safetensors") == undisturbed.model)
      let journal = try JournalLine.all(of: "run", in: scratch)
      #expect(journal.map(\.step) == Array(1...ResumeTests.steps))
      #expect(journal.map(\.loss) == undisturbed.losses)
    }

    @Test(arguments: [1, 3, 5]) func aSignalStopsItWithACheckpoint(step: Int) throws {
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

    /// Before there are ranks, or before they listen.
    @Test(arguments: [0.1, 0.15, 0.2, 0.3]) func theSupervisorIsHeardFromTheStart(delay: Double) throws {
      let program = try ClipProgram(
        ["launch", "--"] + ClipProgram.mpirun(2) + [ClipProgram.path] + Trained.command(into: "run", steps: 9999),
        ranks: nil, in: scratch.path)
      Thread.sleep(forTimeInterval: delay)
      #expect(kill(program.launcher, SIGTERM) == 0)
      let result = program.wait()
      #expect(result.status == 143 && result.orphans.isEmpty, "\(result.errors)")
      #expect(!result.errors.contains("restart"))
    }

    @Test func whatAScriptLeavesIsEnded() throws {
      let command = ClipProgram.mpirun(2) + [ClipProgram.path] + Trained.command(into: "run", steps: 5000)
      let quoted = command.map { "'\($0)'" }.joined(separator: " ")
      try scratch.write("\(quoted)\necho over\n", to: "run.sh")
      let program = try ClipProgram(
        ["launch", "--max-restarts", "0", "--", "sh", "run.sh"], ranks: nil, in: scratch.path)
      self.await(program) { lines >= 3 }
      #expect(kill(program.launcher, SIGTERM) == 0)
      #expect(program.wait().orphans.isEmpty)
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

    /// Ranks whose mpirun was killed end by themselves, and leave nothing that keeps the next run out.
    @Test func withoutMPIRunRanksEnd() throws {
      let program = try ClipProgram(
        Trained.command(into: "run", steps: 5000, "checkpoint.everySteps=0"), ranks: 2, in: scratch.path)
      self.await(program) { lines >= 3 }
      #expect(program.processes.count == 2 && kill(program.launcher, SIGKILL) == 0)
      let end = ContinuousClock.now + .seconds(5)
      while !program.processes.isEmpty, ContinuousClock.now < end { Thread.sleep(forTimeInterval: 0.02) }
      #expect(program.processes.isEmpty)
      _ = program.wait()
      try scratch.remove("run")
      try endsAsIfNothingHadHappened()
    }

    /// mpirun can start other programs, recipes and data on each host; one run of both there is not.
    @Test func ranksThatDifferAreNamed() throws {
      try scratch.copy(ClipProgram.path, to: "other-clip")
      // Behind the end of a program nobody looks, but it is another one.
      try scratch.change("other-clip") { $0.append(0) }
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: scratch("other-clip"))
      try scratch.write(
        """
        #!/bin/sh
        program=\(ClipProgram.path)
        case $1 in
          program) [ "$OMPI_COMM_WORLD_RANK" = 1 ] && program=./other-clip ;;
          recipe) [ "$OMPI_COMM_WORLD_RANK" = 1 ] && set -- "$@" --set seed=7 ;;
        esac
        shift
        exec "$program" "$@"
        """, to: "uneven.sh")
      for what in ["program", "recipe"] {
        let launch = ["launch", "--max-restarts", "0", "--"] + ClipProgram.mpirun(2) + ["sh", "uneven.sh", what]
        try scratch.fail(
          launch + Trained.command(into: "run", steps: 2), with: 2,
          "rank 1 on \(ProcessInfo.processInfo.hostName) has another \(what) than the first rank: found xxh64:")
      }
      #expect(!scratch.exists("run"))
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

    @Test func whatMayChangeIsNamed() throws {
      let command = Trained.command(into: "run", steps: 40, "checkpoint.everySteps=1")
      let program = try ClipProgram(command, ranks: 2, in: scratch.path)
      self.await(program) { lines >= 1 }
      _ = kill(program.launcher, SIGUSR1)
      #expect(program.wait().status == 143)
      let other = ["--set", "optimizer.learningRate=2e-3", "--set", "seed=3"]
      try scratch.fail(
        command + other, ranks: 2, with: 64, "optimizer.learningRate was 0.001", "now is 0.002", "seed was 0, now is 3",
        "or --allow-change optimizer.learningRate --allow-change seed.")
      try scratch.fail(
        command + other + ["--allow-change", "optimizer"], ranks: 2, with: 64, "seed was 0", "--allow-change seed")
      let mistake = try scratch.clip(command + other + ["--allow-change", "optimiser"], ranks: 2)
      #expect(mistake.status == 2)
      #expect(mistake.errors.contains(#"unknown field "optimiser"; did you mean "optimizer"?"#))
      try scratch.fail(
        command + ["--data", "shards", "shards"], ranks: 2, with: 64, "--allow-change data")
      let allowed = ["--data", "shards", "shards", "--allow-change", "data", "--allow-change", "optimizer"]
      let result = try scratch.succeed(
        command + ["--set", "optimizer.learningRate=2e-3"] + allowed, ranks: 2)
      #expect(result.errors.contains("resuming run after step "))
      #expect(try scratch.text("run/recipe.json").contains("\"learningRate\" : 0.002"))
      // From now on that is what the run has.
      // Nobody goes back.
      try scratch.fail(
        command + ["--set", "optimizer.learningRate=2e-3", "--data", "shards", "shards", "--set", "steps=7"]
          + ["--allow-change", "steps"], ranks: 2, with: 64, "run is at step 40 already, beyond the 7")
      let again = command + ["--set", "optimizer.learningRate=2e-3", "--data", "shards", "shards"]
      #expect(try scratch.succeed(again, ranks: 2).errors.contains("nothing to do"))
    }

    @Test func aPlanTellsWhatARunTakes() throws {
      let json = try scratch.succeed(["plan", "--recipe", "tiny", "--ranks", "4", "--network", "100", "--json"]).output
      let found = try #require(JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
      #expect(found["pairs_per_rank"] as? Int == 16 && found["checkpoint_bytes"] as? Int == 12 * 1_745_281)
      #expect((found["seconds_per_step"] as? Double ?? 0) > 0 && (found["memory_bytes"] as? Int ?? 0) > 21_000_000)
      try scratch.fail(["plan", "--recipe", "tiny", "--ranks", "3"], with: 2, "divides the batch, 64")
    }

    @Test func checkpointsAreListed() throws {
      try scratch.succeed(
        Trained.command(into: "run", steps: 4, "checkpoint.everySteps=2", "checkpoint.keepLast=2"), ranks: 2)
      let text = try scratch.succeed(["checkpoints", "run"]).output.split(separator: "\n")
      #expect(text.count == 3 && text[1].contains("  yes") && text[2].contains(" 4  "), "\(text)")
      try scratch.change("run/step-000000002/state.json") { $0[5] ^= 1 }
      try scratch.fail(["checkpoints", "shards"], with: 74, "shards: is no run")
      let damaged = try scratch.clip("checkpoints", "run", "--json")
      let lines = try #require(
        JSONSerialization.jsonObject(with: Data(damaged.output.utf8)) as? [[String: Any]])
      #expect(damaged.status == 74)
      #expect(lines.map { $0["step"] as? Int } == [2, 4] && lines.map { $0["valid"] as? Bool } == [false, true])
    }
  }
}
