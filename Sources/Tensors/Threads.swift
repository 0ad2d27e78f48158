import COpenBLAS
import Dispatch
import Synchronization

/// The threads of this rank.
///
/// There is one pool. Library calls inside a band are single-threaded, so that no second pool fights the first.
public enum Threads {
  private static let current = Atomic<Int>(1)

  /// How many threads work on one operation.
  public static var count: Int { current.load(ordering: .relaxed) }

  /// Sets how many threads work on one operation, from now on.
  public static func use(_ count: Int) {
    precondition(count >= 1, "at least one thread")
    openblas_set_num_threads(1)
    current.store(count, ordering: .relaxed)
  }

  /// Calls `body` with ranges that together cover `0 ..< count`, one a thread, each starting at a multiple of `unit`.
  ///
  /// What is computed for an index must not depend on the range it falls into: then results do not depend on the
  /// number of threads.
  static func forEachBand(of count: Int, unit: Int = 1, _ body: (Range<Int>) -> Void) {
    forEachNumberedBand(of: count, unit: unit) { _, range in body(range) }
  }

  /// The same, telling `body` as well which of at most ``count`` bands it works on, for memory of its own.
  static func forEachNumberedBand(of count: Int, unit: Int = 1, _ body: (Int, Range<Int>) -> Void) {
    let units = (count + unit - 1) / unit
    let bands = min(Threads.count, units)
    guard bands > 1 else {
      if count > 0 { body(0, 0..<count) }
      return
    }
    // Every range is another part of the matrices, so the closure may run at once on several threads.
    nonisolated(unsafe) let body = body
    DispatchQueue.concurrentPerform(iterations: bands) { band in
      let lower = units * band / bands * unit
      let upper = min(units * (band + 1) / bands * unit, count)
      body(band, lower..<upper)
    }
  }
}
