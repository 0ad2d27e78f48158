import Glibc

/// A block of zeroed memory, aligned to cache lines and vectors, that tensors are views into.
///
/// It is `@unchecked Sendable`: threads share a block by working on disjoint rows or columns of it, which the layers'
/// structure guarantees and the compiler cannot see.
public final class Storage: @unchecked Sendable {
  /// Its size in bytes.
  public let count: Int
  let base: UnsafeMutableRawPointer

  /// Every tensor in a block starts at a multiple of this many bytes.
  public static let alignment = 64

  /// Reserves and zeroes `count` bytes.
  public init(count: Int) {
    self.count = count
    // Anonymous pages come zeroed and cost nothing until they are touched; large pages spare the TLB.
    let bytes = max(count, Self.alignment)
    if bytes >= 1 << 21 {
      let pages = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
      guard let pages, pages != MAP_FAILED else {
        Storage.outOfMemory(bytes)
      }
      madvise(pages, bytes, 14)  // MADV_HUGEPAGE, a macro Swift does not import
      base = pages
    } else {
      base = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: Self.alignment)
      base.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
    }
  }

  deinit {
    if max(count, Self.alignment) >= 1 << 21 {
      munmap(base, count)
    } else {
      base.deallocate()
    }
  }

  /// Nothing a program can do about it: say how much was wanted and stop, as the kernel would a little later.
  private static func outOfMemory(_ bytes: Int) -> Never {
    let message = "clip: out of memory: cannot reserve \(bytes) bytes. Take a smaller microBatch or more ranks.\n"
    _ = message.withCString { write(STDERR_FILENO, $0, strlen($0)) }
    exit(1)
  }
}
