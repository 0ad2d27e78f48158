import Synchronization

/// Code that oneDNN has made, by the shape it is for, lent to one thread at a time. Making it takes about a millisecond.
final class MadeCode<Shape: Hashable & Sendable, Code: Sendable>: Sendable {
  private let free = Mutex<[Shape: [Code]]>([:])
  /// More shapes than these are not kept: rows of captions differ from one micro-batch to the next.
  private static var keptShapes: Int { 256 }

  /// Lends code for a shape, made before or now.
  func with<Result>(
    _ shape: Shape, make: (Shape) throws(LibraryError) -> Code, _ body: (Code) throws(LibraryError) -> Result
  ) throws(LibraryError) -> Result {
    let code = if let made = free.withLock({ $0[shape]?.popLast() }) { made } else { try make(shape) }
    defer {
      free.withLock {
        if $0.count >= Self.keptShapes, $0[shape] == nil { $0.removeAll() }
        $0[shape, default: []].append(code)
      }
    }
    return try body(code)
  }
}
