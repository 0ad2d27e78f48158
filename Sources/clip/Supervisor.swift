import Foundation
import Glibc
import SystemPackage

/// Runs a command until it has finished, is asked to stop, or has died too often.
///
/// The command runs in a process group of its own: a Ctrl-C on the terminal would reach `mpirun` itself, which ends all
/// ranks within two seconds. All signals are waited for, none has a handler; so it may be process 1 of a container.
final class Supervisor {
  private let command: [String]
  private let maxRestarts: Int
  private let placement: Placement?
  private var asked = 0

  /// What it stays asleep for between two looks at the child, when there was none to see.
  private static let signals = [SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGCHLD]
  /// A training that ran so long did not die of what killed the one before.
  private static let longLife = Duration.seconds(60)
  private static let longestPause = 10.0
  /// What `mpirun` gets to end its ranks after a second request: it takes two seconds.
  private static let grace = 10.0
  /// How often a request is repeated until it is granted, in seconds.
  private static let repetition = 1.0
  /// What a host gets to start a program that does nothing.
  private static let answer = Duration.seconds(15)
  private static let stopped: Int32 = 143

  /// - Parameters:
  ///   - command: the program, found on PATH, and its arguments.
  ///   - maxRestarts: how often to start it again.
  ///   - placement: what the command becomes for each start; nil to leave it as it is.
  init(_ command: [String], maxRestarts: Int, on placement: Placement?) {
    self.command = command
    self.maxRestarts = maxRestarts
    self.placement = placement
  }

  /// Runs the command, again where that may help.
  ///
  /// - Returns: its last exit code; 128 + n if signal n ended it.
  func run() throws -> Int32 {
    var set = Self.signalSet(Self.signals)
    sigprocmask(SIG_BLOCK, &set, nil)
    defer { sigprocmask(SIG_UNBLOCK, &set, nil) }
    var restarts = 0, failures = 0
    while true {
      let start = ContinuousClock.now
      let command = try placement?.next(answers: { try answers($0) }, tell: Self.tell) ?? command
      guard asked == 0 else { return Self.stopped }
      let code = try supervise(try spawn(command))
      // Asked before there was anything to stop, ranks end by the signal itself: nothing is lost, and nothing was done.
      if asked > 0, code == 128 + SIGUSR1 { return Self.stopped }
      failures = ContinuousClock.now - start > Self.longLife ? 1 : failures + 1
      guard asked == 0, Self.mayGoBetterNextTime(code) else { return code }
      guard restarts < maxRestarts else {
        if maxRestarts > 0 { Self.tell("it ended with exit code \(code) after \(maxRestarts) restarts: giving up") }
        return code
      }
      restarts += 1
      let pause = min(pow(2, Double(failures - 1)), Self.longestPause)
      Self.tell("it ended with exit code \(code); restart \(restarts) of \(maxRestarts) in \(Int(pause)) s")
      guard !wait(seconds: pause) else { return code }
    }
  }

  /// Whether the same command may do better: after a death, a hang, the loss of a host; not after a mistake of usage, a
  /// refused resumption, broken data, a program that cannot be started (the shell's 126 and 127) or a stop somebody wanted.
  private static func mayGoBetterNextTime(_ code: Int32) -> Bool { ![0, 2, 64, 74, 126, 127, 143].contains(code) }

  // MARK: - The command's process

  /// Starts a command in a group of its own.
  ///
  /// - Parameter isQuiet: whether nobody is to hear what it says.
  private func spawn(_ command: [String], isQuiet: Bool = false) throws -> pid_t {
    var attributes = posix_spawnattr_t(), actions = posix_spawn_file_actions_t()
    posix_spawnattr_init(&attributes)
    posix_spawn_file_actions_init(&actions)
    defer {
      posix_spawnattr_destroy(&attributes)
      posix_spawn_file_actions_destroy(&actions)
    }
    var none = sigset_t(), all = Self.signalSet(Self.signals + [SIGPIPE])
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    posix_spawnattr_setpgroup(&attributes, 0)
    posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
    // Reading from the terminal would stop a group in the background.
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    for output in [STDOUT_FILENO, STDERR_FILENO] where isQuiet {
      posix_spawn_file_actions_addopen(&actions, output, "/dev/null", O_WRONLY, 0)
    }
    var arguments = command.map { strdup($0) } + [nil]
    defer { arguments.forEach { free($0) } }
    var child: pid_t = 0
    let status = posix_spawnp(&child, command[0], &actions, &attributes, &arguments, environ)
    guard status == 0 else {
      throw LaunchError("\(command[0]): cannot be started: \(Errno(rawValue: status))")
    }
    return child
  }

  /// Waits for the end of a child, handing requests to stop on to it.
  private func supervise(_ child: pid_t) throws -> Int32 {
    while true {
      var status: Int32 = 0
      // As process 1 it also meets the orphans of others.
      var ended = waitpid(-1, &status, WNOHANG)
      while ended > 0, ended != child { ended = waitpid(-1, &status, WNOHANG) }
      if ended == child {
        endRest(of: child)
        return Self.exitCode(of: status)
      }
      guard let signal = nextSignal(within: asked == 0 ? nil : asked == 1 ? Self.repetition : Self.grace) else {
        // mpirun loses what comes before its ranks are there; to ranks that know already it makes no difference.
        if asked == 1 { kill(child, SIGUSR1) } else { kill(-child, SIGKILL) }
        continue
      }
      if signal != SIGCHLD { pass(on: signal, to: child) }
    }
  }

  /// Whether a command ends well, soon. Once somebody asks to stop it does not matter any more.
  private func answers(_ command: [String]) throws -> Bool {
    let child = try spawn(command, isQuiet: true), end = ContinuousClock.now + Self.answer
    var status: Int32 = 0
    while waitpid(child, &status, WNOHANG) == 0 {
      guard asked == 0, ContinuousClock.now < end else {
        kill(-child, SIGKILL)
        waitpid(child, &status, 0)
        return asked > 0
      }
      if let signal = nextSignal(within: 0.1), signal != SIGCHLD { asked += 1 }
    }
    return status == 0
  }

  /// Ends what a command left in its group: a script that died may leave the mpirun it had started, with all ranks.
  private func endRest(of group: pid_t) {
    let end = ContinuousClock.now + .seconds(Self.grace)
    kill(-group, SIGTERM)
    while kill(-group, 0) == 0, ContinuousClock.now < end {
      var status: Int32 = 0
      while waitpid(-1, &status, WNOHANG) > 0 {}
      usleep(20_000)
    }
    kill(-group, SIGKILL)
  }

  private func pass(on signal: Int32, to child: pid_t) {
    asked += 1
    if asked == 1 {
      Self.tell("asking for a checkpoint and an end; once more ends it at once")
      kill(child, SIGUSR1)
    } else {
      kill(child, SIGTERM)
    }
  }

  /// Sleeps; whether somebody asked to stop meanwhile.
  private func wait(seconds: Double) -> Bool {
    let end = ContinuousClock.now + .seconds(seconds)
    while ContinuousClock.now < end {
      let left = ContinuousClock.now.duration(to: end) / .seconds(1)
      if let signal = nextSignal(within: max(left, 0)), signal != SIGCHLD { return true }
    }
    return false
  }

  /// The next signal; nil after so many seconds.
  private func nextSignal(within seconds: Double?) -> Int32? {
    var set = Self.signalSet(Self.signals)
    guard let seconds else {
      var signal: Int32 = 0
      while sigwait(&set, &signal) != 0 {}
      return signal
    }
    var time = timespec(tv_sec: Int(seconds), tv_nsec: Int((seconds - seconds.rounded(.down)) * 1e9))
    let signal = sigtimedwait(&set, nil, &time)
    return signal > 0 ? signal : nil
  }

  private static func signalSet(_ signals: [Int32]) -> sigset_t {
    var set = sigset_t()
    sigemptyset(&set)
    for signal in signals { sigaddset(&set, signal) }
    return set
  }

  /// The shell's reading of what `waitpid` says.
  private static func exitCode(of status: Int32) -> Int32 {
    let signal = status & 0x7f
    return signal == 0 ? status >> 8 & 0xff : 128 + signal
  }

  private static func tell(_ line: String) { Failure.tell("clip launch: \(line)") }
}
