import Synchronization

/// Memory that is used again and again by whoever needs some for a moment: new memory comes from the system a page at a
/// time, which takes longer than reading a file that is at hand into it.
enum LentMemory {
  /// A block nobody uses now.
  ///
  /// Unchecked: it is only ever with the one who took it out of ``spare``.
  private struct Block: @unchecked Sendable {
    let bytes: UnsafeMutableRawBufferPointer
  }

  private static let spare = Mutex<[Block]>([])
  /// More than any frame of pictures takes; what is larger goes back to the system.
  private static let most = 32 << 20

  /// Lends `count` bytes of no particular content.
  static func with<Result>(_ count: Int, _ body: (UnsafeMutableRawBufferPointer) throws -> Result) rethrows -> Result {
    var block = spare.withLock { $0.popLast() } ?? Block(bytes: .allocate(byteCount: 1 << 16, alignment: 64))
    if block.bytes.count < count {
      block.bytes.deallocate()
      block = Block(bytes: .allocate(byteCount: count, alignment: 64))
    }
    defer {
      if block.bytes.count > most { block.bytes.deallocate() } else { spare.withLock { $0.append(block) } }
    }
    return try body(UnsafeMutableRawBufferPointer(rebasing: block.bytes[..<count]))
  }
}
