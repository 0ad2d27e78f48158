import Glibc

/// Seconds that repetitions of the same work took.
public struct Durations: Sendable {
  /// Of each repetition, shortest first.
  private let sorted: [Double]

  /// - Precondition: at least one repetition.
  public init(_ seconds: [Double]) {
    precondition(!seconds.isEmpty, "no repetition")
    sorted = seconds.sorted()
  }

  /// The shortest.
  public var best: Double { sorted[0] }
  /// The one in the middle; of an even number the longer of the two.
  public var median: Double { sorted[sorted.count / 2] }

  /// How long `body` takes.
  static func seconds(of body: () throws -> Void) rethrows -> Double {
    let start = ContinuousClock.now
    try body()
    return start.duration(to: .now) / .seconds(1)
  }

  /// What this process has taken of the processors so far, in seconds: unlike a clock it does not go on while others run.
  static func processorSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}
