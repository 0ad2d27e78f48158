import Glibc
import Synchronization

/// Whether somebody asked this process to stop: SIGUSR1, which `mpirun` passes on to its ranks.
///
/// SIGTERM cannot be it: `mpirun` leaves its ranks one second after that.
public enum StopSignal {
  private static let asked = Atomic<Bool>(false)

  /// Whether the signal has come since ``listen()``.
  public static var isAsked: Bool { asked.load(ordering: .relaxed) }

  /// From now on the signal asks for a checkpoint after the current step and an end, instead of ending the process.
  public static func listen() {
    // The flag must exist before a handler sets it: nothing may be allocated there.
    _ = isAsked
    signal(SIGUSR1) { _ in StopSignal.asked.store(true, ordering: .relaxed) }
    // Whoever started this process may have had it blocked.
    var set = sigset_t()
    sigemptyset(&set)
    sigaddset(&set, SIGUSR1)
    pthread_sigmask(SIG_UNBLOCK, &set, nil)
  }
}
