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

  /// Shows how much of all is done, and how long the rest will take.
  ///
  /// - Parameters:
  ///   - done: how much this rank has done.
  ///   - all: how much there is.
  ///   - kept: how much of it was done before this command began.
  mutating func show(_ done: Int, of all: Int, from kept: Int) {
    guard isShown else { return }
    let count = min(kept + done * ranks, all)
    func fraction(_ count: Int) -> Double { Double(count) / Double(max(all, 1)) }
    meter.show(count, of: fraction(count), from: (kept, fraction(kept)))
  }

  /// Clears the line.
  func end() {
    if isShown { meter.end() }
  }
}
