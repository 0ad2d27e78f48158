import CKernels
import Synchronization

/// The rows most similar to queries, exactly, out of any number of them: rows go by in blocks, and none is kept.
///
/// They are those that come first where all are sorted, of equal similarities the lower number. Each similarity is the same
/// number whatever block or thread it falls to and whatever else is asked. Rows of zeros stand for what has no embedding,
/// and are never found.
public final class SimilarRows {
  /// A row found.
  public struct Hit: Equatable, Sendable {
    /// Its number, from that of the first row of the first block.
    public let index: Int
    /// The product of the query and the row: a cosine where both are of length 1.
    public let score: Float

    /// - Parameters:
    ///   - index: the row's number.
    ///   - score: how similar it is.
    public init(index: Int, score: Float) {
      self.index = index
      self.score = score
    }
  }

  private let panels: Storage
  private let queries: Int
  private let dimension: Int
  private let top: Int
  private var shortlists: [Shortlist]
  private var seen = 0

  /// Packs queries.
  ///
  /// - Parameters:
  ///   - queries: (queries, embedding); not read again afterwards.
  ///   - top: how many rows each query is to find, at least one.
  public init(to queries: Tensor, top: Int) {
    precondition(queries.isContiguous, "a view with gaps")
    precondition(top > 0, "at least one row is looked for")
    (self.queries, dimension, self.top) = (queries.rows, queries.columns, top)
    panels = Storage(count: CKernels_contrast_panels_bytes(CKernels_NoProductUnit, queries.rows, queries.columns))
    CKernels_contrast_pack_panels(
      CKernels_NoProductUnit, queries.floatPointer, queries.rows, queries.columns, panels.base, 0,
      (queries.rows + 31) / 32)
    shortlists = [Shortlist](repeating: Shortlist(of: top), count: queries.rows)
  }

  /// For each query the rows found so far, the best first.
  public var found: [[Hit]] { shortlists.map(\.best) }

  /// Looks through the next rows, (rows, embedding).
  public func look(through rows: Tensor) {
    precondition(rows.isContiguous && rows.columns == dimension, "rows of another shape")
    let height = CKernels_search_rows(dimension), width = CKernels_search_queries()
    let first = seen, toBeat = shortlists.map(\.toBeat)
    let workers = Mutex<[Worker]>([])
    var kernel = CKernels_Search(
      queries: queries, dimension: dimension, rows: rows.floatPointer,
      panels: panels.base.assumingMemoryBound(to: Float.self))
    withUnsafePointer(to: &kernel) { kernel in
      nonisolated(unsafe) let kernel = kernel
      Threads.forEachItem(of: (rows.rows + height - 1) / height) { () -> Worker in
        let own = Worker(toBeat, top: top, room: height * min(width, toBeat.count))
        workers.withLock { $0.append(own) }
        return own
      } _: { stripe, own in
        let begin = stripe * height, end = min(begin + height, rows.rows)
        for group in Swift.stride(from: 0, to: toBeat.count, by: width) {
          let count = CKernels_search(kernel, begin, end, group, own.toBeat, own.hits, own.scratch)
          for hit in UnsafeBufferPointer(start: own.hits, count: count) {
            // What is not zero may be at right angles to a query, and then counts as any other.
            guard hit.score != 0 || !rows.isZero(Int(hit.row)) else { continue }
            own.note(Hit(index: first + Int(hit.row), score: hit.score), for: Int(hit.query))
          }
        }
      }
    }
    // A thread's rows come in order, and all of them behind those of earlier blocks: of equals the first to come is kept.
    // Between threads the numbers decide, so that it does not matter who had which.
    for worker in workers.withLock({ $0 }) {
      for (query, own) in worker.shortlists.enumerated() { shortlists[query].add(own) }
    }
    seen += rows.rows
  }

  /// What a thread has found in a block, and its memory.
  private final class Worker: @unchecked Sendable {
    private(set) var shortlists: [Shortlist]
    private let storages: [Storage]
    var toBeat: UnsafeMutablePointer<Float> { storages[0].base.assumingMemoryBound(to: Float.self) }
    var hits: UnsafeMutablePointer<CKernels_Hit> { storages[1].base.assumingMemoryBound(to: CKernels_Hit.self) }
    var scratch: UnsafeMutableRawPointer { storages[2].base }

    /// - Parameters:
    ///   - toBeat: of each query.
    ///   - room: how many hits one call may have.
    init(_ toBeat: [Float], top: Int, room: Int) {
      shortlists = toBeat.map { Shortlist(of: top, toBeat: $0) }
      storages = [
        toBeat.count * MemoryLayout<Float>.stride, room * MemoryLayout<CKernels_Hit>.stride, CKernels_search_scratch(),
      ].map { Storage(count: $0) }
      self.toBeat.update(from: toBeat, count: toBeat.count)
    }

    func note(_ hit: Hit, for query: Int) {
      shortlists[query].add(hit)
      toBeat[query] = shortlists[query].toBeat
    }
  }

  /// The best rows of one query: sorted now and then, and cut.
  private struct Shortlist {
    private let top: Int
    private var hits: [Hit] = []
    /// What a row has to be more similar than that comes behind all of these.
    private(set) var toBeat: Float

    init(of top: Int, toBeat: Float = -.infinity) {
      self.top = top
      self.toBeat = toBeat
    }

    /// The best, the best first.
    var best: [Hit] { Array(hits.sorted(by: Self.comesBefore).prefix(top)) }

    mutating func add(_ hit: Hit) {
      hits.append(hit)
      // Twice as many as are wanted: each is sorted a few times only.
      if hits.count / 2 >= top { cut() }
    }

    mutating func add(_ others: Shortlist) {
      guard !others.hits.isEmpty else { return }
      hits += others.hits
      if hits.count >= top { cut() }
    }

    private mutating func cut() {
      hits.sort(by: Self.comesBefore)
      hits.removeLast(hits.count - top)
      toBeat = max(toBeat, hits[top - 1].score)
    }

    private static func comesBefore(_ a: Hit, _ b: Hit) -> Bool {
      a.score > b.score || (a.score == b.score && a.index < b.index)
    }
  }
}

extension Tensor {
  /// Whether a row has nothing but zeros.
  fileprivate func isZero(_ row: Int) -> Bool {
    UnsafeBufferPointer(start: floatPointer + row * stride, count: columns).allSatisfy { $0 == 0 }
  }
}
