import Collectives
import Tensors

extension Communicator {
  /// Sends `outgoing[r]` of `source` to every other rank r, and fills `incoming[r]` of `target` with what r sends here.
  ///
  /// Both are tensors of one row and one type, or the same tensor, where nothing is sent and filled at once. The ranges
  /// of columns are one for each rank; empty ones do not travel, and a rank's own are passed over.
  func exchange(
    _ source: Tensor, _ outgoing: [Range<Int>], into target: Tensor, _ incoming: [Range<Int>]
  ) throws {
    let size = source.elementType.size
    try source.withMutableBytes { source in
      try target.withMutableBytes { target in
        try exchange(
          outgoing.map { UnsafeRawBufferPointer(rebasing: source[$0.lowerBound * size..<$0.upperBound * size]) },
          into: incoming.map {
            UnsafeMutableRawBufferPointer(rebasing: target[$0.lowerBound * size..<$0.upperBound * size])
          })
      }
    }
  }
}
