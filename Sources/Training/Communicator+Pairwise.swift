import Collectives

extension Communicator {
  /// Replaces the numbers by their sums over all ranks, a power of two of them, in the order of ``PairwiseSum``.
  func sumPairwise(_ values: UnsafeMutableBufferPointer<Double>) throws {
    let others = UnsafeMutableBufferPointer<Double>.allocate(capacity: values.count)
    defer { others.deallocate() }
    others.initialize(repeating: 0)
    let outgoing = UnsafeRawBufferPointer(values), incoming = UnsafeMutableRawBufferPointer(others)
    var width = 1
    while width < size {
      // Neighbours of this distance have the sums of the other half, and both make the same sum.
      let partner = rank ^ width
      try exchange(
        (
          (0..<size).map { UnsafeRawBufferPointer(rebasing: $0 == partner ? outgoing[...] : outgoing[..<0]) },
          (0..<size).map { UnsafeMutableRawBufferPointer(rebasing: $0 == partner ? incoming[...] : incoming[..<0]) }
        ))
      for index in values.indices { values[index] += others[index] }
      width *= 2
    }
  }
}
