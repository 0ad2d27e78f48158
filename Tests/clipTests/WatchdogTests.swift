import Foundation
import Glibc
import Testing

extension RankTests {
  /// Ranks that neither work nor die, which mpirun never notices: the others end the run and say whom they waited for.
  @Suite struct WatchdogTests {
    let scratch: Scratch

    init() throws { scratch = try Trained.copyOfDataset() }

    private static let command = Trained.command(into: "run", steps: 5000, "checkpoint.everySteps=0")

    /// The processes of the run by their ranks.
    private func ranks(of program: ClipProgram) -> [Int: pid_t] {
      let found = program.processes.compactMap { pid -> (Int, pid_t)? in
        let text = FileManager.default.contents(atPath: "/proc/\(pid)/environ") ?? Data()
        let rank = text.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
          .first { $0.hasPrefix("OMPI_COMM_WORLD_RANK=") }
        return rank.flatMap { Int($0.dropFirst("OMPI_COMM_WORLD_RANK=".count)) }.map { ($0, pid) }
      }
      return Dictionary(found, uniquingKeysWith: { first, _ in first })
    }

    @Test(arguments: [0, 1]) func aStoppedRankIsNamed(stopped: Int) throws {
      let program = try ClipProgram(Self.command + ["--patience", "2"], ranks: 2, in: scratch.path)
      let deadline = ContinuousClock.now + .seconds(60)
      func lines() -> Int { (try? JournalLine.all(of: "run", in: scratch).count) ?? 0 }
      while lines() < 5, program.isRunning, ContinuousClock.now < deadline { Thread.sleep(forTimeInterval: 0.01) }
      // Time for a heartbeat.
      Thread.sleep(forTimeInterval: 1)
      let victim = try #require(ranks(of: program)[stopped])
      let start = ContinuousClock.now
      #expect(kill(victim, SIGSTOP) == 0)
      let result = program.wait()
      #expect(result.status == 86 && result.orphans.isEmpty, "\(result.errors)")
      let host = ProcessInfo.processInfo.hostName
      #expect(result.errors.contains("no answer from rank \(stopped) on \(host) for "), "\(result.errors)")
      #expect(result.errors.contains("clip: rank \(1 - stopped) on \(host): nothing has happened for "))
      // The patience, five seconds more where the first rank cannot tell, and what mpirun needs.
      #expect(ContinuousClock.now - start < .seconds(15))
    }
  }
}
