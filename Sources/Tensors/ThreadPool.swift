import CKernels
import Foundation
import Synchronization

/// Threads that wait for work: spinning for the moment that usually passes between two operations, asleep after it.
///
/// An operation of a small model takes some ten microseconds, as long as waking a sleeping thread does.
final class ThreadPool: Sendable {
  /// Threads that work on a task, the calling one included.
  let count: Int
  private let shared = Shared()
  private let sleepers: [Sleeper]
  /// Rounds of waiting before a thread sleeps, some 100 µs.
  private static let patience = 2000

  /// What all threads look at.
  private final class Shared: Sendable {
    /// Counts the tasks; −1 ends the threads.
    let task = Atomic<Int>(0)
    /// Threads that have not finished the current task.
    let working = Atomic<Int>(0)
    let isBusy = Atomic<Bool>(false)
    /// The current task: written before `task` changes, read after it did.
    nonisolated(unsafe) var body: ((Int) -> Void)?
  }

  /// A thread's bed.
  private final class Sleeper: Sendable {
    let isAsleep = Atomic<Bool>(false)
    let alarm = DispatchSemaphore(value: 0)

    func wake() {
      if isAsleep.exchange(false, ordering: .sequentiallyConsistent) { alarm.signal() }
    }
  }

  /// Starts `count` − 1 threads.
  init(count: Int) {
    self.count = count
    sleepers = (1..<max(count, 1)).map { _ in Sleeper() }
    for (index, sleeper) in sleepers.enumerated() {
      let shared = shared
      let thread = Thread { Self.work(as: index + 1, sleeper, shared) }
      thread.name = "band \(index + 1)"
      thread.start()
    }
  }

  deinit {
    shared.task.store(-1, ordering: .sequentiallyConsistent)
    for sleeper in sleepers { sleeper.wake() }
  }

  /// Calls `body` with 0 ..< `parts`, at most ``count``, each on a thread of its own, and returns once all have returned.
  ///
  /// Asked while it works, it calls them one after the other.
  func run(parts: Int, _ body: (Int) -> Void) {
    precondition(parts <= count, "\(parts) parts for \(count) threads")
    guard !shared.isBusy.exchange(true, ordering: .acquiring) else {
      for part in 0..<parts { body(part) }
      return
    }
    withoutActuallyEscaping(body) { body in
      shared.body = { if $0 < parts { body($0) } }
      shared.working.store(sleepers.count, ordering: .relaxed)
      shared.task.add(1, ordering: .sequentiallyConsistent)
      for sleeper in sleepers { sleeper.wake() }
      body(0)
      var rounds = 0
      while shared.working.load(ordering: .acquiring) > 0 {
        rounds += 1
        // Where there are more threads than cores, the last one may need this core.
        if rounds < Self.patience { CKernels_pause() } else { sched_yield() }
      }
      shared.body = nil
    }
    shared.isBusy.store(false, ordering: .releasing)
  }

  private static func work(as part: Int, _ sleeper: Sleeper, _ shared: Shared) {
    var done = 0
    while true {
      var task = shared.task.load(ordering: .acquiring), rounds = 0
      while task == done {
        rounds += 1
        if rounds < patience {
          CKernels_pause()
        } else {
          sleeper.isAsleep.store(true, ordering: .sequentiallyConsistent)
          // A task that came in this moment has either seen the flag and signals, or is seen here.
          let hasCome = shared.task.load(ordering: .sequentiallyConsistent) != done
          if !hasCome || !sleeper.isAsleep.exchange(false, ordering: .sequentiallyConsistent) { sleeper.alarm.wait() }
          rounds = 0
        }
        task = shared.task.load(ordering: .acquiring)
      }
      guard task >= 0 else { return }
      done = task
      shared.body?(part)
      shared.working.subtract(1, ordering: .releasing)
    }
  }
}
