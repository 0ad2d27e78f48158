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
    pool.run(parts: bands) { band in body(band, Self.band(band, of: bands, unit: unit, in: count)) }
  }

  /// Calls `body` with ranges that together cover `0 ..< count`, and the number of the thread, for memory of its own:
  /// more ranges than threads, and each thread takes the next when it is done with one. So a thread that is held up,
  /// where others use the machine as well, keeps nobody waiting for long.
  ///
  /// - Parameters:
  ///   - unit: ranges start at multiples of it,
  ///   - least: and are not much shorter than this.
  ///   - most: how many threads memory was reserved for, such as ``count`` when it was.
  static func forEachShare(
    of count: Int, unit: Int = 1, least: Int = 1, atMost most: Int, _ body: (Int, Range<Int>) -> Void
  ) {
    let pool = pool.withLock { $0 }
    let units = (count + unit - 1) / unit, threads = min(pool.count, most, units)
    guard threads > 1 else {
      if count > 0 { body(0, 0..<count) }
      return
    }
    // As many for every thread, if nothing holds one up.
    let shares = threads * max(1, min(mostSharesPerThread, count / (least * threads), units / threads))
    let taken = Atomic<Int>(0)
    pool.run(parts: threads) { thread in
      while true {
        let share = taken.add(1, ordering: .relaxed).oldValue
        guard share < shares else { return }
        body(thread, Self.band(share, of: shares, unit: unit, in: count))
      }
    }
  }

  private static let mostSharesPerThread = 4

  /// Calls `body` with each of `0 ..< count`, roughly in order: each thread takes the next when it is done with one.
  ///
  /// - Parameters:
  ///   - make: makes what a thread needs for itself; called once on each thread.
  ///   - body: gets an index and what its thread has made.
  package static func forEachItem<State>(of count: Int, keeping make: () -> State, _ body: (Int, State) -> Void) {
    let pool = pool.withLock { $0 }
    let taken = Atomic<Int>(0)
    pool.run(parts: max(1, min(pool.count, count))) { _ in
      guard count > 0 else { return }
      let state = make()
      while true {
        let item = taken.add(1, ordering: .relaxed).oldValue
        guard item < count else { return }
        body(item, state)
      }
    }
  }

  /// One of `bands` ranges that cover `0 ..< count`, each starting at a multiple of `unit`.
  private static func band(_ band: Int, of bands: Int, unit: Int, in count: Int) -> Range<Int> {
    let units = (count + unit - 1) / unit
    return units * band / bands * unit..<min(units * (band + 1) / bands * unit, count)
  }
}
