/// Memory that is used again and again, as large as it ever had to be: the system hands out new memory a page at a time,
/// and for a picture that takes longer than scaling it.
final class Scratch {
  private var memory = UnsafeMutablePointer<UInt8>.allocate(capacity: 1)
  private var capacity = 1

  /// `count` bytes of no particular content, until the next call.
  func bytes(_ count: Int) -> UnsafeMutablePointer<UInt8> {
    if count > capacity {
      memory.deallocate()
      memory = .allocate(capacity: count)
      capacity = count
    }
    return memory
  }

  deinit { memory.deallocate() }
}
