import Foundation

/// The program as a person runs it; `swift test` builds it beside the tests.
final class ClipProgram {
  /// What a run of it left.
  struct Result: Sendable {
    let status: Int32
    let output: String
    let errors: String
    /// Its processes that were still there two seconds later.
    let orphans: [pid_t]

    /// The lines in which it says why it failed.
    var complaints: [Substring] { errors.split(separator: "\n").filter { $0.hasPrefix("clip: ") } }
  }

  /// Where the program lies, as the system names it for a process.
  static let path = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
    .deletingLastPathComponent().appendingPathComponent("clip").path

  /// Whether ranks can be started here.
  static let hasMPI = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").contains {
    FileManager.default.isExecutableFile(atPath: "\($0)/mpirun")
  }

  /// The command that starts so many ranks.
  static func mpirun(_ ranks: Int) -> [String] {
    ["mpirun", "-n", "\(ranks)"] + (ranks > ProcessInfo.processInfo.activeProcessorCount ? ["--oversubscribe"] : [])
  }

  private let process = Process()
  private let directory: String
  private let logs: [String]

  /// Starts the program, alone or as ranks under `mpirun`.
  ///
  /// - Parameter more: variables of its environment.
  init(_ arguments: [String], ranks: Int?, in directory: String, environment more: [String: String] = [:]) throws {
    self.directory = directory
    // Files, unlike pipes, never make the program wait for its reader.
    logs = ["out", "err"].map { "\(directory)/.\($0)-\(UUID().uuidString)" }
    var environment = ProcessInfo.processInfo.environment
    environment["OPENBLAS_CORETYPE"] = nil
    environment["OMPI_ALLOW_RUN_AS_ROOT"] = "1"
    environment["OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"] = "1"
    environment.merge(more) { _, new in new }
    let launcher = ranks.map(Self.mpirun) ?? []
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = launcher + [Self.path] + arguments
    process.currentDirectoryURL = URL(fileURLWithPath: directory)
    process.environment = environment
    process.standardInput = FileHandle.nullDevice
    for log in logs { try Data().write(to: URL(fileURLWithPath: log)) }
    process.standardOutput = FileHandle(forWritingAtPath: logs[0])
    process.standardError = FileHandle(forWritingAtPath: logs[1])
    // Threads of tests have all signals blocked, and what they start inherits that.
    var signals = sigset_t(), before = sigset_t()
    sigfillset(&signals)
    pthread_sigmask(SIG_UNBLOCK, &signals, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    try process.run()
  }

  /// The process that was started: the program itself, or `mpirun`.
  var launcher: pid_t { process.processIdentifier }

  /// Whether it has not ended yet.
  var isRunning: Bool { process.isRunning }

  /// The processes of the program that were started in its directory, `mpirun` not among them.
  var processes: [pid_t] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return names.compactMap { pid_t($0) }.filter { pid in
      func target(_ link: String) -> String? {
        try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/\(link)")
      }
      return target("exe") == Self.path && target("cwd") == directory
    }
    .sorted()
  }

  /// Waits for the end; what takes longer than two minutes is ended by force.
  func wait() -> Result {
    let deadline = ContinuousClock.now + .seconds(120)
    while process.isRunning, ContinuousClock.now < deadline { Thread.sleep(forTimeInterval: 0.005) }
    if process.isRunning { process.terminate() }
    process.waitUntilExit()
    let grace = ContinuousClock.now + .seconds(2)
    while !processes.isEmpty, ContinuousClock.now < grace { Thread.sleep(forTimeInterval: 0.01) }
    let texts = logs.map { log in
      defer { try? FileManager.default.removeItem(atPath: log) }
      return String(decoding: FileManager.default.contents(atPath: log) ?? Data(), as: UTF8.self)
    }
    return Result(status: process.terminationStatus, output: texts[0], errors: texts[1], orphans: processes)
  }
}
