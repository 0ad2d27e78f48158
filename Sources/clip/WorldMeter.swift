import Collectives

/// A count on the terminal of the first rank, of work that all ranks share equally.
struct WorldMeter {
  private var meter: Meter
  private let isShown: Bool
  private let ranks: Int

  init(_ what: String, in world: any Communicator) {
    meter = Meter(what)
    isShown = world.isFirst
    ranks = world.size
  }

  /// Shows how much all have done, by what this rank has.
  mutating func show(_ done: Int) {
    if isShown { meter.show(done * ranks) }
  }

  /// Clears the line.
  func end() {
    if isShown { meter.end() }
  }
}
