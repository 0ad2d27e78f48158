public import Collectives
import Foundation
import Tensors

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
    processor = Self.processorName
    ranks = world.size
    threads = Threads.count
  }

  /// As in `2 ranks × 1 thread`.
  var workers: String {
    "\(ranks) rank\(ranks == 1 ? "" : "s") × \(threads) thread\(threads == 1 ? "" : "s")"
  }

  /// The processor by what Linux says of it.
  private static var processorName: String {
    let lines = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8))?.split(separator: "\n") ?? []
    let name = lines.first { $0.hasPrefix("model name") }?.split(separator: ":", maxSplits: 1).last
    return name.map { $0.trimmingCharacters(in: .whitespaces) } ?? "unknown processor"
  }
}
