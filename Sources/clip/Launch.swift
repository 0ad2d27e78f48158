import ArgumentParser
import Foundation

/// Supervises a training that `mpirun` starts.
struct Launch: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run a training under supervision: stop it with a checkpoint, start it again after a death.",
    discussion: """
      SIGTERM, SIGINT or SIGHUP becomes a checkpoint and exit code 143; a second one ends the training at once. When a \
      rank or a host dies, the command is started again, and goes on from the newest checkpoint. Mistakes of usage, \
      refused resumptions and broken data (2, 64, 74) are not tried again. The exit code is the command's last one. \
      The command must be mpirun itself, or end by `exec mpirun`: what a script leaves behind is ended.

      Example:
        clip launch --max-restarts 5 -- mpirun -n 2 clip train --recipe tiny --data my-shards --into my-run
      """)

  @Option(help: ArgumentHelp("How often to start again after a death.", valueName: "n"))
  var maxRestarts = 3

  @Option(
    help: ArgumentHelp(
      "Hosts to start on, as in a hostfile of mpirun, which is told of them and of the number of ranks. Read again before "
        + "each restart, which leaves out hosts that do not answer.", valueName: "file"))
  var hostsFile: String?

  @Argument(parsing: .postTerminator, help: "What to run: mpirun with its options, and clip train.")
  var command: [String]

  func validate() throws {
    guard !command.isEmpty else { throw ValidationError("name the command to run behind --, as in -- mpirun …") }
    guard maxRestarts >= 0 else { throw ValidationError("--max-restarts: expected 0 or more") }
    if hostsFile != nil, let option = Placement.launcherOptions(of: command).first(where: Placement.options.contains) {
      throw ValidationError("\(option) is for mpirun to be told by --hosts-file: leave one of them out")
    }
  }

  func run() throws {
    throw ExitCode(
      try Supervisor(
        command, maxRestarts: maxRestarts, on: hostsFile.map { Placement(HostsFile(path: $0), command) }
      ).run())
  }
}
