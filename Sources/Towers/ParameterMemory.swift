import Tensors

/// The memory behind all parameters: what this rank keeps of them, and room for a unit that comes and goes.
final class ParameterMemory: @unchecked Sendable {
  // Reserved once, by `ParameterStore.allocate`; the rooms change hands on the first thread, between operations.
  /// The values this rank keeps.
  var values = ParameterArea()
  /// The gradients that last until the end of a step.
  var gradients = ParameterArea()
  /// The values of the unit at hand, if ranks share it.
  private var valueRoom = ParameterArea()
  /// The gradients of the unit at hand, where they do not last.
  private var gradientRoom = ParameterArea()
  /// Whether products add to the gradients of their weights; else they overwrite them.
  var accumulates = true
  /// Who takes the gradients of a unit.
  var receiver: (any GradientReceiver)?
  private var exchange: (any UnitExchange)?
  private var shared: [Range<Int>] = []

  /// Bytes of all of it.
  var byteCount: Int { [values, gradients, valueRoom, gradientRoom].reduce(0) { $0 + $1.storage.count } }

  /// Reserves room for the largest of the units whose slices `exchange` brings together.
  func share(_ units: [Range<Int>], by exchange: any UnitExchange) {
    valueRoom = ParameterArea(capacity: units.map(\.count).max() ?? 0)
    gradientRoom = ParameterArea(capacity: valueRoom.capacity)
    shared = units
    self.exchange = exchange
  }

  /// Reserves room for the gradients of the largest of the units whose gradients are handed on.
  func pass(_ units: [Range<Int>]) {
    gradientRoom = ParameterArea(capacity: max(gradientRoom.capacity, units.map(\.count).max() ?? 0))
  }

  /// Where the values of a parameter are computed with: the gathered unit if it is there, else what this rank keeps.
  func valuesPlace(of elements: Range<Int>, _ name: String) -> (storage: Storage, place: Int) {
    if let place = valueRoom.place(of: elements) { return (valueRoom.storage, place) }
    guard let place = values.place(of: elements), !isShared(elements) else {
      preconditionFailure("\(name) is shared by several ranks, and its unit has not been gathered")
    }
    return (values.storage, place)
  }

  /// Where the gradient of a parameter is made.
  func gradientPlace(of elements: Range<Int>, _ name: String) -> (storage: Storage, place: Int) {
    if let place = gradientRoom.place(of: elements) { return (gradientRoom.storage, place) }
    guard let place = gradients.place(of: elements), !isShared(elements) else {
      preconditionFailure("the gradient of \(name) does not last, and its unit is not at hand")
    }
    return (gradients.storage, place)
  }

  private func isShared(_ elements: Range<Int>) -> Bool { shared.contains { $0.overlaps(elements) } }

  /// Whether the gradients of these elements are made in the room, where they are always new.
  func isPassing(_ elements: Range<Int>) -> Bool { gradientRoom.place(of: elements) != nil }

  /// Lends the room, for whoever needs to make numbers before this rank can keep its part of them.
  func withRoom<Result>(_ body: (Tensor) throws -> Result) rethrows -> Result {
    precondition(valueRoom.runs.isEmpty, "the room is taken")
    return try body(Tensor(valueRoom.storage, rows: 1, columns: valueRoom.capacity))
  }

  /// Brings the values of a unit to the room, if ranks share it.
  func gather(_ unit: Range<Int>) throws {
    guard let exchange, isShared(unit) else { return }
    valueRoom.hold(unit)
    let whole = valueRoom.row(unit)
    for own in values.parts(of: unit) { copy(values.row(own), into: valueRoom.row(own)) }
    try exchange.gather(whole)
  }

  /// Makes room for the gradients of a unit, if they do not last, and zeroes those of them that are added to.
  func beginGradients(_ unit: Range<Int>, adding summed: [Range<Int>]) {
    guard receiver != nil || isShared(unit) else { return }
    gradientRoom.hold(unit)
    for elements in summed { zero(gradientRoom.row(elements)) }
  }

  /// Hands the gradients of the unit at hand over, or sums them over the ranks and keeps this rank's slice of the sums.
  func endGradients(_ unit: Range<Int>) throws {
    if let receiver { return try receiver.receive(gradientRoom.row(unit), of: unit) }
    guard let exchange, isShared(unit) else { return }
    try exchange.sum(gradientRoom.row(unit))
    for own in gradients.parts(of: unit) {
      if accumulates {
        add(gradientRoom.row(own), to: gradients.row(own))
      } else {
        copy(gradientRoom.row(own), into: gradients.row(own))
      }
    }
  }

  /// Makes room for the next unit.
  func release() {
    valueRoom.hold(nil)
    gradientRoom.hold(nil)
  }
}
