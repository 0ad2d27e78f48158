// Lets the power fail at every moment of a run's save, in a simulated file system: launch/faults.sh calls it with what
// strace saw of a run, and it looks whether a checkpoint is always left that can be trusted, and the right one.
//
//   PowerLoss RUN INITIAL SCRATCH TRACE…     TRACE: the files of a process's threads begin with it, as strace -ff names them
//
// Prints `states N survived M`, and what went wrong first. Exit code 1 where anything did.
import Checkpoints
import Files
import Foundation

let arguments = Array(CommandLine.arguments.dropFirst())
guard arguments.count >= 4 else {
  StandardError.write("usage: PowerLoss RUN INITIAL SCRATCH TRACE…\n")
  exit(2)
}
do {
  let processes = try arguments[3...].map { prefix in
    let directory = URL(fileURLWithPath: prefix).deletingLastPathComponent().path
    let name = URL(fileURLWithPath: prefix).lastPathComponent + "."
    return try FileManager.default.contentsOfDirectory(atPath: directory).filter { $0.hasPrefix(name) }
      .map { "\(directory)/\($0)" }
  }
  var outcome = try PowerLoss(
    run: arguments[0], initial: arguments[1], scratch: arguments[2], trace: Trace(processes))
  try outcome.enumerate()
  print("states \(outcome.states) survived \(outcome.survived)" + (outcome.firstLoss.map { "; first: \($0)" } ?? ""))
  exit(outcome.states > 0 && outcome.states == outcome.survived ? 0 : 1)
} catch {
  StandardError.write("PowerLoss: \(error)\n")
  exit(1)
}
