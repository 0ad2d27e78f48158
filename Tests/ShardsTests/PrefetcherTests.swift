import Foundation
import Shards
import Synchronization
import Testing

/// Elements come in order, from threads that never run too far ahead, and stop when nobody takes them.
@Suite struct PrefetcherTests {
  struct Failure: Error {}

  @Test(arguments: [1, 2, 7]) func elementsComeInOrder(_ threads: Int) throws {
    let prefetcher = Prefetcher(from: 5, threads: threads, ahead: threads + 3) { number in
      // The later of two neighbours is ready first.
      if number % 2 == 0 { Thread.sleep(forTimeInterval: 0.0005) }
      return number * number
    }
    for number in 5..<205 { #expect(try prefetcher.next() == number * number) }
  }

  @Test func threadsStayWithinTheirBound() throws {
    let started = Mutex(0)
    let prefetcher = Prefetcher(from: 0, threads: 3, ahead: 5) { number in
      started.withLock { $0 += 1 }
      return number
    }
    for number in 0..<50 {
      #expect(try prefetcher.next() == number)
      if number % 10 == 0 { Thread.sleep(forTimeInterval: 0.01) }
      #expect(started.withLock { $0 } <= number + 1 + 5)
    }
    withExtendedLifetime(prefetcher) {
      wait { started.withLock { $0 } == 55 }
      Thread.sleep(forTimeInterval: 0.02)
    }
    #expect(started.withLock { $0 } == 55)
  }

  @Test func threadsWorkAtOnce() throws {
    let running = Mutex(0)
    let prefetcher = Prefetcher(from: 0, to: 4, threads: 4, ahead: 4) { _ in
      running.withLock { $0 += 1 }
      return wait { running.withLock { $0 } == 4 }
    }
    for _ in 0..<4 { #expect(try prefetcher.next()) }
  }

  @Test func errorsComeAtTheirPlace() throws {
    let prefetcher = Prefetcher(from: 0, threads: 2, ahead: 4) { number in
      if number == 3 { throw Failure() }
      return number
    }
    for number in 0..<3 { #expect(try prefetcher.next() == number) }
    #expect(throws: Failure.self) { try prefetcher.next() }
    #expect(try prefetcher.next() == 4)
  }

  @Test func droppingWaitsForTheThreads() {
    let running = Mutex(0)
    for _ in 0..<20 {
      do {
        let prefetcher = Prefetcher(from: 0, threads: 3, ahead: 6) { number in
          running.withLock { $0 += 1 }
          Thread.sleep(forTimeInterval: 0.002)
          running.withLock { $0 -= 1 }
          return number
        }
        _ = try? prefetcher.next()
      }
      #expect(running.withLock { $0 } == 0)
    }
  }

  @Test func datasetsAreReadFromManyThreads() throws {
    let dataset = try ShardDataset(fixture("dataset"))
    let expected = try dataset.all()
    let prefetcher = Prefetcher(from: 0, to: 500, threads: 4, ahead: 16) { number in
      // Numbers behind the end are not asked for.
      try dataset.sample(at: number < 500 ? number * 7 % 27 : -1)
    }
    for number in 0..<500 { #expect(try prefetcher.next() == expected[number * 7 % 27]) }
  }
}

/// Waits until something is so, for at most ten seconds.
///
/// - Returns: whether it is.
@discardableResult
private func wait(until isSo: () -> Bool) -> Bool {
  for _ in 0..<10_000 where !isSo() { Thread.sleep(forTimeInterval: 0.001) }
  return isSo()
}
