import Foundation

/// Threads that work on a sequence of inputs at once and hand out the results in the inputs' order.
///
/// Inputs are pulled one at a time, by whichever thread is free, and never more than `ahead` beyond what was handed
/// out: memory stays bounded however slow the taker is. Dropping the object stops the threads and waits for them.
final class OrderedWorkers<Input, Output: Sendable>: Sendable {
  private let queue: Queue

  /// - Parameters:
  ///   - threads: how many results are computed at once.
  ///   - ahead: how many inputs may be pulled before their results are taken.
  ///   - pull: the input with a number, asked for in order and by one thread at a time; nil is the end.
  ///   - work: what is computed of it, by several threads at once.
  init(
    threads: Int, ahead: Int, pull: @escaping @Sendable (Int) throws -> Input?,
    work: @escaping @Sendable (Input) throws -> Output
  ) {
    queue = Queue(ahead: ahead, pull: pull, work: work)
    queue.running = threads
    for _ in 0..<threads {
      let thread = Thread { [queue] in queue.run() }
      thread.start()
    }
  }

  deinit { queue.stop() }

  /// The next result, waiting for it; nil behind the last.
  ///
  /// - Throws: what pulling or working threw for this result. After an error of `work` the next result follows; an
  ///   error of `pull` is the last.
  func next() throws -> Output? {
    try queue.take()?.get()
  }

  /// What the threads share.
  ///
  /// Unchecked: everything that changes is touched with `condition` locked, and `run` alone calls the closures.
  private final class Queue: @unchecked Sendable {
    private let condition = NSCondition()
    private let ahead: Int
    private let pull: @Sendable (Int) throws -> Input?
    private let work: @Sendable (Input) throws -> Output
    private var results: [Int: Result<Output, any Error>] = [:]
    private var pulled = 0
    private var taken = 0
    private var isPulling = false
    /// The number of results there will be, once known.
    private var end: Int?
    private var isStopped = false
    var running = 0

    init(
      ahead: Int, pull: @escaping @Sendable (Int) throws -> Input?, work: @escaping @Sendable (Input) throws -> Output
    ) {
      self.ahead = ahead
      self.pull = pull
      self.work = work
    }

    func take() -> Result<Output, any Error>? {
      condition.withLock {
        while results[taken] == nil {
          if let end, taken >= end { return nil }
          condition.wait()
        }
        defer {
          taken += 1
          condition.broadcast()
        }
        return results.removeValue(forKey: taken)
      }
    }

    func stop() {
      condition.withLock {
        isStopped = true
        condition.broadcast()
        while running > 0 { condition.wait() }
      }
    }

    func run() {
      while let number = claim() {
        let input = Result { try pull(number) }
        guard let value = settle(number, input) else { continue }
        let result = Result { try work(value) }
        condition.withLock {
          results[number] = result
          condition.broadcast()
        }
      }
      condition.withLock {
        running -= 1
        condition.broadcast()
      }
    }

    /// The number of the input to pull next, once there is room for it and nobody else is pulling.
    private func claim() -> Int? {
      condition.withLock {
        while !isStopped && end == nil && (isPulling || pulled - taken >= ahead) { condition.wait() }
        if isStopped || end != nil { return nil }
        isPulling = true
        return pulled
      }
    }

    /// Notes what pulling gave, and lets the next thread pull.
    private func settle(_ number: Int, _ input: Result<Input?, any Error>) -> Input? {
      condition.withLock {
        defer { condition.broadcast() }
        isPulling = false
        switch input {
        case .success(let value?):
          pulled = number + 1
          return value
        case .success(nil):
          end = number
        case .failure(let error):
          results[number] = .failure(error)
          end = number + 1
        }
        return nil
      }
    }
  }
}
