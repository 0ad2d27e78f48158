import COpenBLAS
import Synchronization

/// The threads of this rank.
///
/// There is one pool. Library calls inside a band are single-threaded, so that no second pool fights the first.
public enum Threads {
  private static let pool = Mutex(ThreadPool(count: 1))

  /// How many threads work on one operation.
  public static var count: Int { pool.withLock { $0.count } }

  /// Sets how many threads work on one operation, from now on.
  public static func use(_ count: Int) {
    precondition(count >= 1, "at least one thread")
    openblas_set_num_threads(1)
    COpenBLAS_reserve_buffers(CInt(count))
    pool.withLock { if $0.count != count { $0 = ThreadPool(count: count) } }
  }

  /// Calls `body` with ranges that together cover `0 ..< count`, one a thread, each starting at a multiple of `unit`.
  ///
  /// What is computed for an index must not depend on the range it falls into: then results do not depend on the
  /// number of threads.
  static func forEachBand(of count: Int, unit: Int = 1, _ body: (Range<Int>) -> Void) {
    forEachNumberedBand(of: count, unit: unit, atMost: .max) { _, range in body(range) }
  }

  /// The same, telling `body` as well which band it works on, for memory of its own.
  ///
  /// - Parameter most: how many bands memory was reserved for, such as ``count`` when it was. In tests, others change
  ///   the number of threads meanwhile.
  static func forEachNumberedBand(
    of count: Int, unit: Int = 1, atMost most: Int, _ body: (Int, Range<Int>) -> Void
  ) {
    let pool = pool.withLock { $0 }
    let units = (count + unit - 1) / unit
    let bands = min(pool.count, units, most)
    guard bands > 1 else {
      if count > 0 { body(0, 0..<count) }
      return
    }
    pool.run(parts: bands) { band in
      let lower = units * band / bands * unit
      let upper = min(units * (band + 1) / bands * unit, count)
      body(band, lower..<upper)
    }
  }
}
