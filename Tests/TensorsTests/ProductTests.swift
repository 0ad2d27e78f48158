import Tensors
import Testing

/// Products on every unit this processor has, against sums in double precision.
@Suite(.serialized) struct ProductTests {
  /// What multiplies bfloat16 here.
  static let units = [ProductUnit.amx, .dotProducts, .integers, .floats, .library, .widening].filter(\.isAvailable)

  /// A unit, and the type of the operands.
  struct Way: Sendable {
    let unit: ProductUnit
    let type: ElementType
    /// How close to the exact product of its operands it comes. Integers round what is bfloat16 already once more.
    var tolerance: Double { unit == .integers ? 1e-3 : 1e-6 }
  }

  static let ways =
    units.map { Way(unit: $0, type: .bfloat16) }
    + Set([ProductUnit.bestForFloats, .widening]).map { Way(unit: $0, type: .float32) }

  struct Shape: Sendable {
    let rows: Int
    let inner: Int
    let columns: Int
  }

  // One number; odd sizes; more than a chunk of columns, a ragged block of rows, an inner length that fills no step.
  static let shapes = [
    Shape(rows: 1, inner: 1, columns: 1), Shape(rows: 7, inner: 33, columns: 5),
    Shape(rows: 32, inner: 64, columns: 64),
    Shape(rows: 61, inner: 27, columns: 97), Shape(rows: 50, inner: 96, columns: 1100),
    Shape(rows: 400, inner: 40, columns: 20), Shape(rows: 530, inner: 32, columns: 512),
  ]

  private func operand(_ rows: Int, _ columns: Int, _ type: ElementType, _ seed: UInt64) -> Tensor {
    let single = Reference.random(rows, columns, seed: seed)
    return type == .bfloat16 ? single.narrowed : single
  }

  @Test(arguments: ways, shapes) func everyTransposition(way: Way, shape: Shape) {
    let (m, k, n) = (shape.rows, shape.inner, shape.columns)
    let a = operand(m, k, way.type, 1), at = operand(k, m, way.type, 2)
    let b = operand(k, n, way.type, 3), bt = operand(n, k, way.type, 4)
    for threads in [1, 3] {
      Threads.use(threads)
      defer { Threads.use(1) }
      func check(_ left: some Factor, _ right: some Factor, sourceLocation: SourceLocation = #_sourceLocation) {
        let (x, y) = (Reference.matrix(left.matrix), Reference.matrix(right.matrix))
        let expected = Reference.product(
          left.isTransposed ? Reference.transposed(x) : x, right.isTransposed ? Reference.transposed(y) : y)
        let wide = Tensor(rows: m, columns: n), narrow = Tensor(rows: m, columns: n, .bfloat16)
        multiply(
          left, right, into: wide, bias: nil, adding: nil, accumulating: false, rowSums: nil, ending: .plain,
          on: way.unit)
        expectClose(wide, expected, way.tolerance, sourceLocation: sourceLocation)
        multiply(
          left, right, into: wide, bias: nil, adding: nil, accumulating: true, rowSums: nil, ending: .plain,
          on: way.unit)
        expectClose(wide, expected.map { $0.map { 2 * $0 } }, way.tolerance, sourceLocation: sourceLocation)
        multiply(
          left, right, into: narrow, bias: nil, adding: nil, accumulating: false, rowSums: nil, ending: .plain,
          on: way.unit)
        expectClose(narrow, expected, 3e-3, sourceLocation: sourceLocation)
      }
      check(a, b)
      check(a, bt.transposed)
      check(at.transposed, b)
      check(at.transposed, bt.transposed)
    }
  }

  @Test(arguments: ways) func roundsWeightsAndAddsBiasAndResidual(way: Way) {
    let a = operand(45, 70, way.type, 1), weights = Reference.random(37, 70, seed: 2)
    let bias = Reference.random(1, 37, seed: 3), residual = Reference.random(45, 37, seed: 4)
    let rounds = way.type == .bfloat16 && way.unit != .widening && way.unit != .integers
    let rounded = Reference.product(
      Reference.matrix(a), Reference.transposed(Reference.matrix(rounds ? weights.narrowed : weights)))
    let more = Reference.matrix(residual), row = Reference.matrix(bias)[0]
    let expected = rounded.indices.map { i in row.indices.map { rounded[i][$0] + row[$0] + more[i][$0] } }
    let c = Tensor(rows: 45, columns: 37)
    multiply(
      a, weights.transposed, into: c, bias: bias, adding: residual, accumulating: false, rowSums: nil, ending: .plain,
      on: way.unit)
    expectClose(c, expected, way.tolerance)
  }

  @Test(arguments: ways) func sumsTheColumnsOfAGradientOnTheWay(way: Way) {
    let dy = operand(75, 83, way.type, 1), x = operand(75, 40, way.type, 2)
    let gradient = Tensor(rows: 83, columns: 40), sums = Tensor([Float](repeating: 1, count: 83), columns: 83)
    multiply(
      dy.transposed, x, into: gradient, bias: nil, adding: nil, accumulating: false, rowSums: sums, ending: .plain,
      on: way.unit)
    let numbers = Reference.matrix(dy)
    expectClose(gradient, Reference.product(Reference.transposed(numbers), Reference.matrix(x)), way.tolerance)
    expectClose(sums, [(0..<83).map { column in numbers.reduce(1) { $0 + $1[column] } }], 1e-6)
  }

  @Test(arguments: ways) func viewsWithGapsLeaveTheirNeighboursAlone(way: Way) {
    let wide = operand(64, 200, way.type, 1), b = operand(64, 33, way.type, 2)
    let target = Tensor(rows: 64, columns: 100)
    let part = wide.columns(32..<96), c = target.columns(40..<73)
    multiply(part, b, into: c, bias: nil, adding: nil, accumulating: false, rowSums: nil, ending: .plain, on: way.unit)
    let cut = Reference.matrix(wide).map { Array($0[32..<96]) }
    let expected = Reference.product(cut, Reference.matrix(b))
    let found = Reference.matrix(target)
    for row in 0..<64 {
      for column in 0..<100 {
        if (40..<73).contains(column) {
          #expect(abs(found[row][column] - expected[row][column - 40]) <= (way.unit == .integers ? 1e-2 : 1e-4))
        } else {
          #expect(found[row][column] == 0)
        }
      }
    }
  }

  @Test(arguments: ways, [Activation.gelu, .quickGELU]) func endingsAreThePassesTheyReplace(
    way: Way, kind: Activation
  ) {
    let a = operand(70, 64, way.type, 1), weights = Reference.random(150, 64, seed: 2),
      bias = Reference.random(1, 150, seed: 3)
    func product(_ ending: ProductEnding, _ type: ElementType) -> Tensor {
      let c = Tensor(rows: 70, columns: 150, type)
      multiply(
        a, weights.transposed, into: c, bias: bias, adding: nil, accumulating: false, rowSums: nil, ending: ending,
        on: way.unit)
      return c
    }
    // Single precision is never rounded.
    for type in way.type == .bfloat16 ? [ElementType.bfloat16, .float32] : [.float32] {
      let hidden = product(.plain, type), active = Tensor(rows: 70, columns: 150, type)
      let found = Tensor(rows: 70, columns: 150, type)
      kind.forward(hidden, into: active)
      #expect(product(.activating(kind, into: found), type).values == hidden.values)
      expectClose(found, Reference.matrix(active), type == .bfloat16 ? 2e-3 : 1e-6)
      let at = operand(70, 150, type, 4)
      let expected = product(.plain, .float32)
      kind.backward(expected, x: type == .bfloat16 ? at.single : at, into: expected)
      let again = Tensor(rows: 70, columns: 150, type)
      expectClose(
        product(.slope(of: kind, at: at, activating: again), type), Reference.matrix(expected),
        type == .bfloat16 ? 3e-3 : 1e-6)
      let activeAt = Tensor(rows: 70, columns: 150, type)
      kind.forward(at, into: activeAt)
      expectClose(again, Reference.matrix(activeAt), type == .bfloat16 ? 2e-3 : 1e-6)
      // What is not kept is made again to the last bit.
      _ = product(.slope(of: kind, at: hidden, activating: again), type)
      #expect(again.values == found.values)
    }
  }

  /// A layer of ViT-B/32: weights are not rounded to bfloat16 first.
  @Test(.enabled(if: ProductUnit.integers.isAvailable, "needs VNNI and no AMX"))
  func integersAreFinerThanBFloat16() {
    let x = Reference.random(48, 768, seed: 1).narrowed, weights = Reference.random(96, 768, seed: 2)
    let expected = Reference.product(Reference.matrix(x), Reference.transposed(Reference.matrix(weights)))
    let norm = expected.joined().reduce(0) { $0 + $1 * $1 }.squareRoot()
    func error(_ unit: ProductUnit) -> Double {
      let c = Tensor(rows: 48, columns: 96)
      multiply(
        x, weights.transposed, into: c, bias: nil, adding: nil, accumulating: false, rowSums: nil, ending: .plain,
        on: unit)
      let differences = zip(Reference.matrix(c).joined(), expected.joined()).map { $0 - $1 }
      return differences.reduce(0) { $0 + $1 * $1 }.squareRoot() / norm
    }
    #expect(error(.integers) <= 5e-4)
    #expect(error(.integers) <= 0.4 * error(.floats))
  }

  /// Long vectors of equal numbers have the largest dot products of all; zeros have no direction.
  @Test(arguments: ways) func noSumOverflowsAndNothingIsHidden(way: Way) {
    let k = 5000
    var numbers = [Float](repeating: 2048, count: 4 * k)
    numbers.replaceSubrange(k..<2 * k, with: repeatElement(0, count: k))
    numbers.replaceSubrange(2 * k..<3 * k, with: repeatElement(-1e-9, count: k))
    numbers[3 * k + 17] = .nan
    let single = Tensor(numbers, columns: k), a = way.type == .bfloat16 ? single.narrowed : single
    let b = Tensor([Float](repeating: 0.5, count: 3 * k), columns: k), c = Tensor(rows: 4, columns: 3)
    multiply(
      a, b.transposed, into: c, bias: nil, adding: nil, accumulating: false, rowSums: nil, ending: .plain, on: way.unit)
    let found = Reference.matrix(c), tiny = Reference.matrix(a)[2][0] * 0.5 * Double(k)
    for column in 0..<3 {
      #expect(abs(found[0][column] / (1024 * Double(k)) - 1) <= 2e-3)
      #expect(found[1][column] == 0)
      #expect(abs(found[2][column] / tiny - 1) <= 2e-3)
      #expect(found[3][column].isNaN)
    }
  }

  @Test(arguments: [ElementType.bfloat16, .float32]) func aBandOfThreadsChangesNoBit(type: ElementType) {
    let a = operand(333, 96, type, 1), weights = Reference.random(450, 96, seed: 2)
    let one = Tensor(rows: 333, columns: 450), several = Tensor(rows: 333, columns: 450)
    multiply(a, weights.transposed, into: one)
    Threads.use(4)
    defer { Threads.use(1) }
    multiply(a, weights.transposed, into: several)
    #expect(one.values == several.values)
  }
}
