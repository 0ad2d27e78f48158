import Foundation

/// How a program joins its world.
public enum World {
  /// Whether a launcher such as `mpirun` or `srun` started this process as one of several.
  public static var isLaunched: Bool {
    let environment = ProcessInfo.processInfo.environment
    return ["OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "PMIX_RANK"].contains { environment[$0] != nil }
  }

  /// This process's rank by what the launcher says, before it joins its world; 0 without a launcher.
  public static var launchedRank: Int {
    let environment = ProcessInfo.processInfo.environment
    return ["OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK"].lazy.compactMap { environment[$0].flatMap { Int($0) } }
      .first ?? 0
  }

  /// How many processes the launcher started, by what it says; 1 without a launcher.
  public static var launchedSize: Int {
    let environment = ProcessInfo.processInfo.environment
    return ["OMPI_COMM_WORLD_SIZE", "PMI_SIZE"].lazy.compactMap { environment[$0].flatMap { Int($0) } }.first ?? 1
  }

  /// Gives the ranks before this one time to tell of an error and end the world; the first rank never waits.
  ///
  /// Most errors are found by every rank alike, in the same moment. So only one rank tells of them, and none is ended
  /// before it could. On a busy machine it takes `mpirun` more than half a second to end the others.
  public static func awaitTurn() {
    guard launchedRank > 0 else { return }
    Thread.sleep(forTimeInterval: min(2 + 0.02 * Double(launchedRank), 6))
  }

  /// Runs `body` as a rank of the world the launcher made, or alone if there was none.
  ///
  /// An error that leaves `body` goes to `report`, once the rank's turn has come, which says what happened and gives the
  /// exit code; then all ranks end with it.
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
      awaitTurn()
      world.abort(report(error, world))
    }
  }
}
