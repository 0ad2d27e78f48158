import Collectives

/// Finds ranks whose own work takes much longer than the others': all others wait for them in every step.
package struct Stragglers {
  /// Seconds of own work of each rank, a mean that forgets slowly.
  private var means: [Float]
  private var warned: Set<Int> = []
  private var steps = 0
  /// Steps before anybody is suspected.
  private static let patience = 20
  /// The first ones are forgotten at once: memory is new to them.
  private static let first = 5
  /// So many times the median's work, and so many seconds more, count as much.
  private static let factor: Float = 1.5
  private static let seconds: Float = 0.02
  private static let weight: Float = 0.1

  package init(ranks: Int) {
    means = [Float](repeating: 0, count: ranks)
  }

  /// Compares the ranks after a step; together with all other ranks.
  ///
  /// - Parameter own: seconds this rank spent on its own.
  /// - Returns: what is to be told of a rank, once for each.
  mutating func look(_ own: Double, in world: some Communicator) throws -> String? {
    guard world.size > 1 else { return nil }
    var all = [Float](repeating: 0, count: world.size)
    try [Float(own)].withUnsafeBufferPointer { own in
      try all.withUnsafeMutableBufferPointer { try world.gather(own, into: $0) }
    }
    return look(all)
  }

  /// The same, with the seconds of all ranks at hand.
  package mutating func look(_ all: [Float]) -> String? {
    steps += 1
    for (rank, seconds) in all.enumerated() {
      means[rank] = steps <= Self.first ? seconds : means[rank] + Self.weight * (seconds - means[rank])
    }
    // Of two ranks, the faster one.
    let median = means.sorted()[(means.count - 1) / 2]
    guard steps >= Self.patience, let slowest = means.indices.max(by: { means[$0] < means[$1] }),
      means[slowest] > Self.factor * median, means[slowest] > median + Self.seconds, !warned.contains(slowest)
    else { return nil }
    warned.insert(slowest)
    return "rank \(slowest) is the straggler: \(Self.text(means[slowest])) s of its own work in a step, most ranks "
      + "\(Self.text(median)) s; all wait for it. Is its host slower, or used by others as well?"
  }

  private static func text(_ seconds: Float) -> String { "\((seconds * 1000).rounded() / 1000)" }
}
