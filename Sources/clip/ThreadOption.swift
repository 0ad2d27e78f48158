import ArgumentParser
import Foundation
import Tensors

/// How many threads a process uses.
struct ThreadOption: ParsableArguments {
  @Option(
    parsing: .unconditional, help: ArgumentHelp("Threads of this process (default: the cores it has).", valueName: "n"))
  var threads: Int?

  func validate() throws {
    guard threads.map({ (1...1024).contains($0) }) ?? true else {
      throw ValidationError("--threads: expected 1 to 1024")
    }
  }

  /// The number asked for, or this process's share of the cores of its node.
  var count: Int {
    if let threads { return threads }
    let cores = Processor.allowedCores
    let all = ProcessInfo.processInfo.processorCount
    let ranks = ProcessInfo.processInfo.environment["OMPI_COMM_WORLD_LOCAL_SIZE"].flatMap { Int($0) } ?? 1
    // A launcher that binds ranks to cores has divided them already.
    return max(1, cores < all ? cores : cores / ranks)
  }

  /// Sets the threads of matrix products and kernels.
  func apply() { Threads.use(count) }
}
