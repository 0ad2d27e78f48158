import Files
import Foundation
import Glibc
import Testing

extension RankTests {
  /// Ranks that die, whatever they were at: nothing of the run is left but its checkpoints, soon.
  @Suite struct DeathTests {
    let scratch: Scratch

    init() throws { scratch = try Trained.copyOfDataset() }

    /// Whether a process has a thread of a name: a rank's watchdog has that of the phase it is in.
    private static func isIn(_ phase: String, _ process: pid_t) -> Bool {
      let tasks = "/proc/\(process)/task"
      return ((try? FileManager.default.contentsOfDirectory(atPath: tasks)) ?? []).contains { task in
        FileManager.default.contents(atPath: "\(tasks)/\(task)/comm").map { String(decoding: $0, as: UTF8.self) }
          == phase + "\n"
      }
    }

    @Test(arguments: [
      "starting", "data", "embed", "contrast", "backward", "reduce", "optimize", "agree", "validate", "checkpoint",
    ]) func inEveryPhaseAllEnd(phase: String) throws {
      // Where Open MPI keeps what ranks of a host share while they run.
      try Directory.create(scratch("shared"))
      let command =
        Trained.command(
          into: "run", steps: 5000, "globalBatch=256", "microBatch=8", "checkpoint.everySteps=2",
          "evaluation.everySteps=2") + ["--validation", "shards"]
      let program = try ClipProgram(
        command, ranks: 2, in: scratch.path,
        environment: ["TMPDIR": scratch("shared"), "OMPI_MCA_btl_vader_backing_directory": scratch("shared")])
      let deadline = ContinuousClock.now + .seconds(60)
      var victim: pid_t?
      while victim == nil, program.isRunning, ContinuousClock.now < deadline {
        let ranks = program.processes
        guard ranks.count == 2 else { continue }
        while victim == nil, program.isRunning, ContinuousClock.now < deadline {
          victim = ranks.randomElement().flatMap { Self.isIn(phase, $0) ? $0 : nil }
        }
      }
      let start = ContinuousClock.now
      if victim == nil { kill(program.launcher, SIGTERM) }
      #expect(victim.map { kill($0, SIGKILL) } == 0, "no rank was seen in phase \(phase)")
      let result = program.wait()
      #expect(ContinuousClock.now - start < .seconds(5))
      #expect(result.status == 137 && result.orphans.isEmpty, "\(result.errors)")
      #expect(try scratch.names("shared") == [])
      // What there is is whole; a run that dies at its start may not have a directory yet.
      for name in scratch.exists("run") ? try scratch.names("run") : []
      where name.hasPrefix("step-") && name.count == 14 {
        try scratch.succeed(["verify", "run/\(name)"])
      }
    }

    /// After its last checkpoint a run may lose a rank and nothing else.
    @Test func atTheEndNothingIsLost() throws {
      let program = try ClipProgram(Trained.command(into: "run", steps: 12), ranks: 2, in: scratch.path)
      while program.isRunning,
        try !scratch.names("").contains("run") || !scratch.names("run").contains("step-000000012")
      {
        Thread.sleep(forTimeInterval: 0.001)
      }
      if let victim = program.processes.last { kill(victim, SIGKILL) }
      #expect(program.wait().orphans.isEmpty)
      try scratch.succeed(["verify", "run"])
      #expect(try scratch.succeed(Trained.command(into: "run", steps: 12), ranks: 2).errors.contains("nothing to do"))
    }
  }
}
