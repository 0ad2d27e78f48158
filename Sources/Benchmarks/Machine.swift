public import Collectives
import Tensors
import Training

/// What a benchmark ran on.
public struct Machine: Encodable, Sendable {
  /// The processor's name.
  public let processor: String
  /// Processes.
  public let ranks: Int
  /// Threads of each.
  public let threads: Int

  /// This machine, with the ranks of a world and the threads in use.
  public init(_ world: any Communicator) {
    processor = ProcessorName.current
    ranks = world.size
    threads = Threads.count
  }

  /// As in `2 ranks × 1 thread`.
  var workers: String {
    "\(ranks) rank\(ranks == 1 ? "" : "s") × \(threads) thread\(threads == 1 ? "" : "s")"
  }
}
