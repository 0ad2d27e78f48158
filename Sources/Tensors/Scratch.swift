import Synchronization

/// Memory that operations reuse: one growing block for every thread, and one that all of them share.
final class Scratch: @unchecked Sendable {
  private var own: [Storage] = []
  private var shared = Storage(count: 0)
  private static let free = Mutex<[Scratch]>([])

  /// Lends memory that nobody else uses meanwhile; what it holds is left over from whoever had it before.
  ///
  /// - Parameters:
  ///   - threads: how many blocks of `bytes` bytes.
  ///   - sharedBytes: the size of the block all threads share.
  static func with<Result, Failure: Error>(
    threads: Int, bytes: Int, shared sharedBytes: Int, _ body: (Scratch) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let scratch = free.withLock { $0.popLast() } ?? Scratch()
    defer { free.withLock { $0.append(scratch) } }
    scratch.reserve(threads: threads, bytes: bytes, shared: sharedBytes)
    return try body(scratch)
  }

  /// A thread's own block.
  func room(of thread: Int) -> UnsafeMutableRawPointer { own[thread].base }

  /// The block all threads share.
  var sharedRoom: UnsafeMutableRawPointer { shared.base }

  private func reserve(threads: Int, bytes: Int, shared sharedBytes: Int) {
    while own.count < threads { own.append(Storage(count: bytes)) }
    for thread in 0..<threads where own[thread].count < bytes { own[thread] = Storage(count: bytes) }
    if shared.count < sharedBytes { shared = Storage(count: sharedBytes) }
  }
}
