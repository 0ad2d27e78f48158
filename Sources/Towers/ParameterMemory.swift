import Tensors

/// The memory behind all parameters: what this rank keeps of them, and room for a unit that ranks share.
final class ParameterMemory: @unchecked Sendable {
  // Reserved once, by `ParameterStore.allocate`; the room changes hands on the first thread, between operations.
  var kept = ParameterArea()
  /// The unit at hand; nothing, unless one was gathered.
  private(set) var room = ParameterArea()
  /// Whether products add to the gradients of their weights; else they overwrite them.
  var accumulates = true
  private var exchange: (any UnitExchange)?
  private var shared: [Range<Int>] = []

  /// Reserves room for the largest of the units, whose slices `exchange` brings together.
  func share(_ units: [Range<Int>], by exchange: any UnitExchange) {
    room = ParameterArea(capacity: units.map(\.count).max() ?? 0, forTraining: true)
    shared = units
    self.exchange = exchange
  }

  /// Where a parameter is computed with: the gathered unit if it is there, else what this rank keeps.
  func area(of elements: Range<Int>, _ name: String) -> (area: ParameterArea, place: Int) {
    if let place = room.place(of: elements) { return (room, place) }
    guard let place = kept.place(of: elements), !shared.contains(where: { $0.overlaps(elements) }) else {
      preconditionFailure("\(name) is shared by several ranks, and its unit has not been gathered")
    }
    return (kept, place)
  }

  /// Whether these elements lie in the room, where gradients are always new.
  func isGathered(_ elements: Range<Int>) -> Bool { room.place(of: elements) != nil }

  /// Lends the room, for whoever needs to make numbers before this rank can keep its part of them.
  func withRoom<Result>(_ body: (Tensor) throws -> Result) rethrows -> Result {
    precondition(room.runs.isEmpty, "the room is taken")
    return try body(Tensor(room.values, rows: 1, columns: room.values.count / 4))
  }

  /// Brings the values of a unit to the room, if ranks share it.
  func gather(_ unit: Range<Int>) throws {
    guard let exchange else { return }
    room.runs = [unit]
    let values = room.values(of: unit)
    for own in kept.parts(of: unit) { copy(kept.values(of: own), into: room.values(of: own)) }
    try exchange.gather(values)
  }

  /// Zeroes gradients of the unit at hand that are added to.
  func beginGradients(_ elements: [Range<Int>]) {
    guard exchange != nil else { return }
    for elements in elements { zero(room.gradients(of: elements)) }
  }

  /// Sums the gradients of the unit at hand over the ranks, and keeps this rank's slice of the sums.
  func keepGradients(_ unit: Range<Int>) throws {
    guard let exchange else { return }
    try exchange.sum(room.gradients(of: unit))
    for own in kept.parts(of: unit) {
      if accumulates {
        add(room.gradients(of: own), to: kept.gradients(of: own))
      } else {
        copy(room.gradients(of: own), into: kept.gradients(of: own))
      }
    }
  }

  /// Makes room for the next unit.
  func release() { room.runs = [] }
}
