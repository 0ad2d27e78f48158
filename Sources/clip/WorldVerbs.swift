import ArgumentParser
import Collectives

/// Which verbs work as several ranks.
enum WorldVerbs {
  private static let all: Set = ["train", "evaluate", "embed", "benchmark"]

  /// Whether the command line names one of them.
  static var isNamed: Bool { CommandLine.arguments.dropFirst().first.map(all.contains) ?? false }

  /// Ends ranks of a verb that works in one process: each would do all of it, and write the same files.
  static func check() {
    guard World.launchedSize > 1, !isNamed, let verb = CommandLine.arguments.dropFirst().first, verb != "help" else {
      return
    }
    if World.launchedRank == 0 {
      Failure.tell(
        "clip: \(verb) works in one process, found \(World.launchedSize) ranks: start it without mpirun or srun")
    }
    World.awaitTurn()
    Clip.exit(withError: ExitCode(2))
  }
}
