import Collectives
import Files
import Foundation
import Synchronization

/// Ends a run in which nothing happens any more, and says which rank the others wait for.
///
/// `mpirun` notices when a rank dies, but not when one is stopped, swaps, or waits for a disk that never answers: all
/// others then wait in a collective operation for ever. A thread of each rank, which calls no MPI, watches over it. Its
/// name is the phase the rank is in: `top -H`, or `ps -L -o pid,comm`, show where a rank is.
final class Watchdog: Sendable {
  /// The exit code of a run that it ended.
  static let exitCode: Int32 = 86
  /// What a first step gets: memory is new to it, and nothing tells how long it should take,
  private static let firstStep = 5.0
  /// and what starting, validating and checkpoints get, which have no parts that could be waited for.
  private static let longPhase = 30.0
  /// A step may take so many times the one before it.
  private static let slower = 10.0
  /// How long after the first rank's the others' patience ends: it knows more.
  private static let grace = Duration.seconds(5)
  private static let pulse = Duration.milliseconds(500)

  private let rank: Int
  private let ranks: Int
  private let host = ProcessInfo.processInfo.hostName
  private let patience: Double
  private let heartbeats: Heartbeats?
  private let place: Mutex<Place>
  private let label = ThreadLabel()

  private struct Place {
    var phase = Phase.starting
    var step = 1
    var since = ContinuousClock.now
    var stepBegan = ContinuousClock.now
    var lastStep = Duration.zero
    var isOver = false
  }

  /// Begins to watch, together with all other ranks.
  ///
  /// - Parameter patience: seconds in which something must happen, or ten times as long as the step before took.
  init(patience: Double, in world: any Communicator) throws {
    rank = world.rank
    ranks = world.size
    self.patience = patience
    heartbeats = world.size > 1 ? try Heartbeats(in: world) : nil
    place = Mutex(Place())
    let thread = Thread { [weak self, label] in
      label.adopt()
      label.show(Phase.starting.rawValue)
      while let self, !self.look() { continue }
    }
    thread.start()
  }

  deinit { end() }

  /// Something happens: this rank goes on to a phase of the step it is in, or of another.
  func enter(_ phase: Phase, step: Int? = nil) {
    label.show(phase.rawValue)
    place.withLock {
      let now = ContinuousClock.now
      if let step, step != $0.step || $0.phase == .starting {
        if $0.phase != .starting { $0.lastStep = now - $0.stepBegan }
        ($0.step, $0.stepBegan) = (step, now)
      }
      ($0.phase, $0.since) = (phase, now)
    }
  }

  /// Watches no more.
  func end() { place.withLock { $0.isOver = true } }

  /// Looks once; whether it was the last time.
  private func look() -> Bool {
    let now = place.withLock { $0 }
    guard !now.isOver else { return true }
    let waited = now.since.duration(to: .now)
    let sign = Heartbeats.Sign(
      rank: rank, host: host, step: now.step, phase: now.phase.rawValue, seconds: waited / .seconds(1))
    if let heartbeats {
      heartbeats.exchange(sign, listeningFor: Self.pulse)
    } else {
      Thread.sleep(forTimeInterval: Self.pulse / .seconds(1))
    }
    var limit = Duration.seconds(max(patience, Self.slower * (now.lastStep / .seconds(1))))
    // What takes long does not keep a rank from giving signs of life.
    let isSomebodySilent =
      heartbeats?.heard.values.contains { $0.heard.duration(to: .now) > .seconds(patience) } ?? false
    if now.phase.isLong, !isSomebodySilent {
      limit = limit * Self.longPhase
    } else if now.lastStep == .zero {
      limit = limit * Self.firstStep
    }
    if rank > 0 { limit += Self.grace }
    // Meanwhile it may have gone on.
    guard waited > limit, !place.withLock({ $0.isOver || $0.since != now.since }) else { return false }
    StandardError.write("clip: rank \(rank) on \(host): \(verdict(sign))\n")
    _exit(Self.exitCode)
  }

  /// What everybody waits for, as far as this rank knows.
  private func verdict(_ own: Heartbeats.Sign) -> String {
    func seconds(_ value: Double) -> String { "\(Int(value)) s" }
    let begin =
      "nothing has happened for \(seconds(own.seconds)), in phase \(own.phase) of step \(own.step); ending the run "
      + "(--patience allows more)."
    guard let heartbeats else { return begin }
    let heard = heartbeats.heard, others = rank == 0 ? Array(1..<ranks) : [0]
    func describe(_ memory: Heartbeats.Memory) -> String {
      "rank \(memory.sign.rank) on \(memory.sign.host)"
    }
    var lines: [String] = []
    for other in others {
      guard let memory = heard[other] else {
        lines.append("rank \(other) has never been heard of")
        continue
      }
      let silence = memory.heard.duration(to: .now)
      // Who lives is heard of twice a second.
      if silence > .seconds(max(min(patience / 2, 5), 1.5)) {
        lines.append(
          "no answer from \(describe(memory)) for \(seconds(silence / .seconds(1))), last seen at step "
            + "\(memory.sign.step) in phase \(memory.sign.phase)")
      }
    }
    if lines.isEmpty {
      // All are alive: the others wait for those that have come least far.
      let all = heard.values.filter { others.contains($0.sign.rank) }.map(\.sign) + [own]
      func key(_ sign: Heartbeats.Sign) -> (Int, Phase) { (sign.step, Phase(rawValue: sign.phase) ?? .starting) }
      let least = all.map(key).min { $0 < $1 }
      lines = all.filter { sign in least.map { $0 == key(sign) } ?? false }.map { sign in
        "rank \(sign.rank) on \(sign.host) has been in phase \(sign.phase) of step \(sign.step) for "
          + seconds(sign.seconds)
      }
    }
    return begin + " " + lines.joined(separator: "; ")
  }
}
