import Foundation

/// How a program joins its world.
public enum World {
  /// Whether a launcher such as `mpirun` or `srun` started this process as one of several.
  public static var isLaunched: Bool {
    let environment = ProcessInfo.processInfo.environment
    return ["OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "PMIX_RANK"].contains { environment[$0] != nil }
  }

  /// Runs `body` as a rank of the world the launcher made, or alone if there was none.
  ///
  /// An error that leaves `body` goes to `report`, which says what happened and gives the exit code; then all ranks end
  /// with it.
  public static func run(
    _ body: (any Communicator) throws -> Void, onError report: (any Error, any Communicator) -> Int32
  ) throws {
    guard isLaunched else {
      let solo = SoloCommunicator()
      do { try body(solo) } catch { solo.abort(report(error, solo)) }
      return
    }
    let world = try MPICommunicator()
    do {
      try body(world)
      try world.finalize()
    } catch {
      world.abort(report(error, world))
    }
  }
}
