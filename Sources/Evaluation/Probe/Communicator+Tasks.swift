import Collectives

extension Communicator {
  /// Shares tasks among the ranks, each whole on one of them; all return what all found, in order.
  ///
  /// - Parameters:
  ///   - count: how many tasks.
  ///   - width: how many numbers each finds.
  ///   - work: does the task of a number.
  func forEachTask(of count: Int, width: Int, _ work: (Int) throws -> [Double]) throws -> [[Double]] {
    var all = [Double](repeating: 0, count: count * width)
    for task in stride(from: rank, to: count, by: size) {
      let found = try work(task)
      precondition(found.count == width, "\(found.count) numbers, expected \(width)")
      all.replaceSubrange(task * width..<(task + 1) * width, with: found)
    }
    // Every number is one rank's own, and zeros of the others leave it as it is.
    try all.withUnsafeMutableBufferPointer { try sum($0) }
    return (0..<count).map { Array(all[$0 * width..<($0 + 1) * width]) }
  }
}
