import Synchronization

/// The bytes of pictures, into which several threads may write at once, each its own pictures.
///
/// Unchecked: who writes does so before anybody reads, and no two to the same place.
public final class PictureMemory: @unchecked Sendable {
  /// Where the bytes lie.
  public let bytes: UnsafeMutableBufferPointer<UInt8>
  private let spares: Spares?

  /// `count` bytes, not set yet.
  ///
  /// - Parameter spares: where to take them from and return them to.
  public init(count: Int, from spares: Spares? = nil) {
    bytes = spares?.take(count) ?? .allocate(capacity: count)
    self.spares = spares
  }

  /// A copy of bytes.
  public convenience init(_ pixels: [UInt8]) {
    self.init(count: pixels.count)
    _ = bytes.initialize(from: pixels)
  }

  deinit {
    if let spares { spares.put(bytes) } else { bytes.deallocate() }
  }

  /// Memory of pictures that are not needed any more, for those that come: the system hands out new memory a page at a
  /// time, which for as many pictures as a micro-batch has takes milliseconds.
  public final class Spares: Sendable {
    /// Unchecked: memory that nobody else knows.
    private struct Memory: @unchecked Sendable { let bytes: UnsafeMutableBufferPointer<UInt8> }
    private let free = Mutex<[Memory]>([])

    /// None yet; as much gathers as was in use at once.
    public init() {}

    fileprivate func take(_ count: Int) -> UnsafeMutableBufferPointer<UInt8>? {
      free.withLock { free in
        free.firstIndex { $0.bytes.count == count }.map { free.remove(at: $0).bytes }
      }
    }

    fileprivate func put(_ bytes: UnsafeMutableBufferPointer<UInt8>) {
      let memory = Memory(bytes: bytes)
      free.withLock { $0.append(memory) }
    }

    deinit { free.withLock { $0.forEach { $0.bytes.deallocate() } } }
  }
}
