import Files
import Foundation

/// Which hosts a command starts its ranks on: all of a hosts file at first, after a death those that still answer.
final class Placement {
  private let file: HostsFile
  private let command: [String]
  /// Where mpirun reads what is left of the file.
  private let rest = NSTemporaryDirectory() + "clip-launch-\(getpid()).hosts"
  /// Ranks of the first start, whose number divides the batch; so does every divisor of it.
  private var wanted: Int?

  /// - Parameters:
  ///   - file: the hosts; read again before each start.
  ///   - command: mpirun, its options and the program, without a number of ranks or hosts.
  init(_ file: HostsFile, _ command: [String]) {
    self.file = file
    self.command = command
  }

  deinit { try? Directory.remove(rest) }

  /// mpirun's options for hosts and ranks, which the command must leave alone.
  static let options: Set = [
    "-n", "-np", "-c", "--n", "--np", "-H", "-host", "--host", "-hostfile", "--hostfile", "-machinefile",
    "--machinefile",
    "-default-hostfile", "--default-hostfile",
  ]

  /// What of a command is for mpirun: what stands before the program.
  static func launcherOptions(of command: [String]) -> ArraySlice<String> {
    let program = command.dropFirst().firstIndex { $0.split(separator: "/").last == "clip" } ?? command.endIndex
    return command[1..<max(program, 1)]
  }

  /// The command to start now.
  ///
  /// - Parameters:
  ///   - answers: whether a host can start anything; nobody is asked at the first start.
  ///   - tell: told of hosts that are left out, and of another number of ranks.
  func next(answers: ([String]) throws -> Bool, tell: (String) -> Void) throws -> [String] {
    var hosts = try file.hosts()
    if wanted != nil {
      hosts = try hosts.filter { host in
        let probe = [command[0], "--host", "\(host.name):1", "-n", "1"] + Self.launcherOptions(of: command) + ["true"]
        let isThere = try answers(probe)
        if !isThere { tell("\(host.name) does not answer: going on without it") }
        return isThere
      }
    }
    let slots = hosts.reduce(0) { $0 + $1.slots }
    guard slots > 0 else { throw FileError(file.path, "names no host that answers") }
    let wanted = wanted ?? slots
    self.wanted = wanted
    let ranks = (1...min(slots, wanted)).last { wanted % $0 == 0 } ?? 1
    if ranks != wanted { tell("\(counted(ranks, "rank")) instead of \(wanted)") }
    try FileWriter.write(Array(hosts.map { "\($0.name) slots=\($0.slots)\n" }.joined().utf8), to: rest)
    return [command[0], "--hostfile", rest, "-n", "\(ranks)"] + command.dropFirst()
  }
}
