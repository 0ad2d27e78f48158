import Foundation
import Images
package import Shards
package import Towers

/// Threads that read micro-batches, several of them each micro-batch, ahead of the one who takes them in order.
///
/// At most `ahead` micro-batches exist beyond those taken, so memory is bounded however slow the taker is; what they hold
/// does not depend on the number of threads. Dropping the object stops the threads and waits for them.
package final class BatchThreads: Sendable {
  /// A micro-batch, and what reading it took.
  package typealias Element = (batch: MicroBatch, skipped: Int, times: ReadingTimes)

  private let queue: Queue

  /// - Parameters:
  ///   - first: the number of the first micro-batch.
  ///   - threads: how many read.
  ///   - ahead: how many micro-batches may be ready or under way.
  ///   - places: the samples of the micro-batch with a number.
  package init(
    from first: Int, threads: Int, ahead: Int, _ reader: PairReader,
    places: @escaping @Sendable (Int) -> [BatchPlan.Place]
  ) {
    queue = Queue(next: first, ahead: ahead, reader, places)
    queue.running = threads
    for _ in 0..<threads {
      let thread = Thread { [queue] in queue.run() }
      thread.start()
    }
  }

  deinit { queue.stop() }

  /// The next micro-batch, waiting for it.
  ///
  /// - Throws: what reading it threw, for the first of its rows if for several. The one behind it follows.
  package func next() throws -> Element { try queue.take() }

  /// A micro-batch under way. All but its pictures is touched with the queue locked.
  private final class Draft {
    let places: [BatchPlan.Place]
    let groups: [[Int]]
    let pictures: PictureMemory
    var claimed = 0
    var read = 0
    var tokens: [[Int32]]
    var skipped = 0
    var times = ReadingTimes()
    var failure: (row: Int, error: any Error)?

    init(_ places: [BatchPlan.Place], _ reader: PairReader) {
      self.places = places
      groups = reader.groups(of: places)
      pictures = reader.memory(for: places.count)
      tokens = Array(repeating: [], count: places.count)
    }

    var isReady: Bool { read == groups.count }

    func finish(_ rows: [Int], _ result: Result<PairReader.Reading, any Error>) {
      read += 1
      switch result {
      case .success(let reading):
        for (row, tokens) in reading.tokens { self.tokens[row] = tokens }
        skipped += reading.skipped
        times += reading.times
      case .failure(let error):
        if rows[0] < failure?.row ?? .max { failure = (rows[0], error) }
      }
    }
  }

  /// What the threads share.
  ///
  /// Unchecked: everything that changes is touched with `condition` locked, but pictures, of which each thread writes its
  /// own.
  private final class Queue: @unchecked Sendable {
    private let condition = NSCondition()
    private let ahead: Int
    private let reader: PairReader
    private let places: @Sendable (Int) -> [BatchPlan.Place]
    /// In order; only of the last there may be something to begin.
    private var drafts: [Draft] = []
    private var next: Int
    private var isStopped = false
    var running = 0

    init(
      next: Int, ahead: Int, _ reader: PairReader, _ places: @escaping @Sendable (Int) -> [BatchPlan.Place]
    ) {
      self.next = next
      self.ahead = ahead
      self.reader = reader
      self.places = places
    }

    func take() throws -> Element {
      let draft = condition.withLock {
        while drafts.first?.isReady != true { condition.wait() }
        defer { condition.broadcast() }
        return drafts.removeFirst()
      }
      if let failure = draft.failure { throw failure.error }
      let batch = reader.microBatch(draft.pictures, tokens: draft.tokens, of: draft.places)
      return (batch, draft.skipped, draft.times)
    }

    func stop() {
      condition.withLock {
        isStopped = true
        condition.broadcast()
        while running > 0 { condition.wait() }
      }
    }

    func run() {
      let framer = reader.framer()
      while let (draft, rows) = claim() {
        let result = Result { try reader.read(rows, of: draft.places, into: draft.pictures, framer) }
        condition.withLock {
          draft.finish(rows, result)
          if draft.isReady { condition.broadcast() }
        }
      }
      condition.withLock {
        running -= 1
        condition.broadcast()
      }
    }

    /// The next rows to read, once there is room for their micro-batch; nil when it is time to stop.
    private func claim() -> (Draft, [Int])? {
      condition.withLock {
        while !isStopped {
          if let draft = drafts.last, draft.claimed < draft.groups.count {
            defer { draft.claimed += 1 }
            return (draft, draft.groups[draft.claimed])
          }
          if drafts.count < ahead {
            drafts.append(Draft(places(next), reader))
            next += 1
            // There is something to do for the others as well.
            condition.broadcast()
          } else {
            condition.wait()
          }
        }
        return nil
      }
    }
  }
}
