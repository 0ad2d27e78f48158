public import Tensors

/// All parameters of a model, in one flat order of elements.
///
/// Layers declare what they need; the store then reserves values and gradients as one block each, so that reducing,
/// clipping, updating and saving are single operations on ranges of a block. What an optimizer keeps besides is its own.
/// Where ranks share a model, a rank keeps a slice of each residual block, and has room for one of them at a time. Where the
/// gradients of units are handed on, only those of what lies between units are kept, with room for those of one unit.
public final class ParameterStore {
  /// The parameters in the order they were declared.
  public private(set) var parameters: [Parameter] = []
  /// Elements in all. Parameters begin at multiples of 16, so some elements belong to none; they stay zero.
  public private(set) var count = 0
  /// All elements in order: units, and what lies between them.
  public private(set) var stretches: [Stretch] = []
  /// Whether ranks share the units, so that this one keeps its slices of them only.
  public private(set) var isShared = false
  /// What training changes: runs of elements that are not locked, one behind the other.
  public private(set) var trained: [Range<Int>] = []
  /// Whether gradients of units are handed on as soon as they are made, and not kept.
  public private(set) var passesUnits = false
  /// Residual blocks, which ranks may share.
  private(set) var units: [Range<Int>] = []
  /// Parts of tables, which every rank keeps whole.
  private(set) var parts: [Range<Int>] = []
  private var isLocking = false
  private let memory = ParameterMemory()

  /// A store without parameters.
  public init() {}

  /// Adds a parameter.
  ///
  /// - Parameter isFactor: whether it enters products only, so that its gradient is one product a micro-batch.
  /// - Parameter isStatistic: whether it has no gradient: then the optimizer, whose moments stay zero, leaves it as it is.
  func declare(
    _ name: String, _ shape: [Int], _ initializer: Initializer, isFactor: Bool = false, isStatistic: Bool = false
  ) -> Parameter {
    // The rule of the paper (neither gains nor biases) in the form open_clip first gave it: one dimension, no decay.
    let parameter = Parameter(
      name: name, shape: shape, decays: shape.count > 1, isFactor: isFactor, isStatistic: isStatistic,
      isLocked: isLocking, offset: count, initializer: initializer, memory: memory)
    parameters.append(parameter)
    count += (parameter.count + 15) / 16 * 16
    return parameter
  }

  /// Declares parameters that training leaves as they are, if `isLocked`.
  func locking<Result>(_ isLocked: Bool, _ declare: () -> Result) -> Result {
    defer { isLocking = false }
    isLocking = isLocked
    return declare()
  }

  /// Makes a unit of all that was declared since ``count`` was `first`.
  func unit(from first: Int) -> ParameterUnit {
    let factors = parameters.filter { $0.isFactor && $0.offset >= first }.map(\.elements)
    let ends = [first] + factors.map(\.upperBound), begins = factors.map(\.lowerBound) + [count]
    let unit = ParameterUnit(
      elements: first..<count, summed: zip(ends, begins).map { $0..<$1 }.filter { !$0.isEmpty }, memory: memory)
    units.append(unit.elements)
    return unit
  }

  /// Makes a unit of elements of a table, all of which are added to; they begin at a multiple of 16.
  func part(_ elements: Range<Int>) -> ParameterUnit {
    parts.append(elements)
    return ParameterUnit(elements: elements, summed: [elements], memory: memory)
  }

  /// Reserves the memory: values alone, or gradients as well.
  ///
  /// - Parameter passingUnits: no gradients of units; they are handed on.
  func allocate(forTraining: Bool, passingUnits: Bool = false) {
    cut { $0 }
    memory.values = ParameterArea([0..<count])
    if forTraining { reserveGradients(passingUnits: passingUnits) }
  }

  /// Reserves the memory for training with ranks that share the units: this rank's slices, what lies between the units,
  /// and room for the largest of them.
  func allocate(sharedBy exchange: any UnitExchange, passingUnits: Bool = false) {
    isShared = true
    cut { unit in
      let slice = exchange.slice(of: unit.count)
      return unit.lowerBound + slice.lowerBound..<unit.lowerBound + slice.upperBound
    }
    memory.values = ParameterArea(stretches.map(\.kept))
    memory.share(units, by: exchange)
    reserveGradients(passingUnits: passingUnits)
  }

  private func reserveGradients(passingUnits: Bool) {
    passesUnits = passingUnits
    let lasting = stretches.filter { !(passingUnits && $0.isUnit) }
    memory.gradients = ParameterArea(lasting.map(\.kept))
    if passingUnits { memory.pass(stretches.filter { $0.isUnit && !$0.isLocked }.map(\.elements)) }
  }

  /// Cuts the elements into stretches.
  private func cut(keeping slice: (Range<Int>) -> Range<Int>) {
    let locks = runs { $0.isLocked }
    trained = locks.filter { !$0.value }.map(\.range)
    func add(
      _ elements: Range<Int>, keeping kept: (Range<Int>) -> Range<Int> = { $0 }, isUnit: Bool, isShared: Bool = false
    ) {
      for run in locks {
        let part = run.range.clamped(to: elements)
        guard !part.isEmpty else { continue }
        stretches.append(
          Stretch(elements: part, kept: kept(part), isUnit: isUnit, isShared: isShared, isLocked: run.value))
      }
    }
    var end = 0
    let all = units.map { ($0, true) } + parts.map { ($0, false) }
    for (unit, isBlock) in all.sorted(by: { $0.0.lowerBound < $1.0.lowerBound }) {
      add(end..<unit.lowerBound, isUnit: false)
      if isBlock { add(unit, keeping: slice, isUnit: true, isShared: isShared) } else { add(unit, isUnit: true) }
      end = unit.upperBound
    }
    add(end..<count, isUnit: false)
  }

  /// Bytes of values and gradients this rank has reserved, the room for a unit included.
  public var byteCount: Int { memory.byteCount }

  /// Draws the first values: a function of the seed alone.
  public func initialize(seed: UInt64) {
    for (index, parameter) in parameters.enumerated() {
      var generator = CounterGenerator(seed: seed, stream: UInt64(index))
      set(parameter) { parameter.initializer.fill($0, &generator) }
    }
  }

  /// Sets a parameter's values, of which this rank may keep a part only.
  ///
  /// - Parameter fill: sets all of them; it is not called on a rank that keeps none.
  public func set(
    _ parameter: Parameter, _ fill: (UnsafeMutableBufferPointer<Float>) throws -> Void
  ) rethrows {
    if keeps(parameter.elements) { return try values(of: parameter.elements).withMutableFloats(fill) }
    let parts = memory.values.parts(of: parameter.elements)
    guard !parts.isEmpty else { return }
    try memory.withRoom { room in
      let whole = room.columns(0..<parameter.count)
      try whole.withMutableFloats(fill)
      for part in parts {
        let columns = part.lowerBound - parameter.offset..<part.upperBound - parameter.offset
        copy(whole.columns(columns), into: values(of: part))
      }
    }
  }

  /// Forgets the gradients of the step before: the first micro-batch overwrites or adds to nothing.
  ///
  /// Only what is added to needs zeros; a product can as well overwrite, which spares a pass over all gradients. Those of
  /// what is locked are never touched, so that the system does not even give memory for them.
  public func beginGradients() {
    for parameter in parameters where !parameter.isFactor && !parameter.isLocked {
      for part in memory.gradients.parts(of: parameter.elements) { zero(gradients(of: part)) }
    }
    memory.accumulates = false
  }

  /// Where all gradients are made and found, in the flat order of elements: another zeroed block of this size may take
  /// its place, where ranks do not share the units.
  public var gradientBlock: Storage {
    get { memory.gradients.storage }
    set { memory.gradients.storage = newValue }
  }

  /// Runs `body`, a way back, which hands the gradients of each unit over as soon as they are made.
  ///
  /// - Parameter receiver: who takes them; nil where they are kept.
  func passing(to receiver: (any GradientReceiver)?, _ body: () throws -> Void) rethrows {
    precondition((receiver != nil) == passesUnits, "gradients of units are kept, or somebody takes them")
    defer { memory.receiver = nil }
    memory.receiver = receiver
    try body()
  }

  /// From now on gradients are added to: a micro-batch has left its own.
  func continueGradients() { memory.accumulates = true }

  /// Whether this rank keeps all of these elements, which lie in one stretch.
  public func keeps(_ elements: Range<Int>) -> Bool { memory.values.place(of: elements) != nil }

  /// The values of elements this rank keeps, which lie in one stretch, as one row.
  public func values(of elements: Range<Int>) -> Tensor { memory.values.row(elements) }

  /// The gradients of elements this rank keeps, which lie in one stretch, as one row; where those of units are handed on,
  /// of what lies between units.
  public func gradients(of elements: Range<Int>) -> Tensor { memory.gradients.row(elements) }

  /// All values as one row, where ranks do not share them.
  public var values: Tensor { values(of: 0..<count) }

  /// All gradients as one row, where ranks do not share them and all are kept.
  public var gradients: Tensor { gradients(of: 0..<count) }

  /// Runs of neighbouring parameters that are trained and decay alike, as ranges of elements.
  public var runs: [(range: Range<Int>, decays: Bool)] {
    runs { $0.isLocked ? nil : $0.decays }.compactMap { run in run.value.map { (run.range, $0) } }
  }

  /// Runs of neighbouring parameters of which something is the same; the gap behind a parameter belongs to it.
  private func runs<Value: Equatable>(_ value: (Parameter) -> Value) -> [(range: Range<Int>, value: Value)] {
    var runs: [(range: Range<Int>, value: Value)] = []
    for (index, parameter) in parameters.enumerated() {
      let end = index + 1 < parameters.count ? parameters[index + 1].offset : count
      if let last = runs.last, last.value == value(parameter) {
        runs[runs.count - 1].range = last.range.lowerBound..<end
      } else {
        runs.append((parameter.offset..<end, value(parameter)))
      }
    }
    return runs
  }
}
