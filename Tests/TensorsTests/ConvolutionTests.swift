import Tensors
import Testing

/// Convolutions by the library against the product of the pixels around each pixel with the weight, and against themselves
/// on other threads.
@Suite(.serialized) struct ConvolutionTests {
  /// Channels that fill vectors and that do not, strides that fit and that do not.
  struct Layer: Sendable {
    let pictures: Int, side: Int, inputs: Int, outputs: Int, stride: Int
  }

  static let layers = [
    Layer(pictures: 3, side: 32, inputs: 3, outputs: 32, stride: 2),
    Layer(pictures: 5, side: 33, inputs: 3, outputs: 5, stride: 2),
    Layer(pictures: 7, side: 15, inputs: 40, outputs: 80, stride: 1),
    Layer(pictures: 16, side: 14, inputs: 64, outputs: 64, stride: 1),
    Layer(pictures: 1, side: 7, inputs: 12, outputs: 20, stride: 1),
    Layer(pictures: 40, side: 7, inputs: 16, outputs: 48, stride: 1),
  ]

  /// Where oneDNN only emulates bfloat16, nothing is convolved in it.
  static let types: [ElementType] = ProductUnit.library.isAvailable ? [.float32, .bfloat16] : [.float32]

  /// What a layer makes, forward and backward.
  private struct Made {
    let y: Tensor, dx: Tensor, gradient: Tensor
  }

  private struct Given {
    let x: Tensor, weight: Tensor, dy: Tensor, grid: PictureGrid
  }

  private func given(_ layer: Layer, _ type: ElementType) -> Given {
    let grid = PictureGrid(count: layer.pictures, height: layer.side, width: layer.side)
    func stored(_ x: Tensor) -> Tensor { type == .bfloat16 ? x.narrowed : x }
    return Given(
      x: stored(Reference.random(grid.rows, layer.inputs, seed: 1)),
      weight: Reference.random(layer.outputs, 9 * layer.inputs, seed: 2),
      dy: stored(Reference.random(grid.strided(layer.stride).rows, layer.outputs, seed: 3)), grid: grid)
  }

  private func convolved(_ layer: Layer, _ given: Given, accumulating: Bool = false) -> Made {
    let type = given.x.elementType, workspace = Workspace(activations: type)
    let made = Made(
      y: Tensor(rows: given.dy.rows, columns: layer.outputs, type),
      dx: Tensor(rows: given.x.rows, columns: layer.inputs),
      gradient: Tensor(rows: layer.outputs, columns: 9 * layer.inputs))
    for again in [false, true] where accumulating || !again {
      convolve(given.x, given.grid, with: given.weight, stride: layer.stride, into: made.y, in: workspace)
      convolveBackward(given.dy, given.grid, with: given.weight, stride: layer.stride, into: made.dx, in: workspace)
      convolveTransposed(
        given.dy, given.x, given.grid, stride: layer.stride, into: made.gradient, accumulating: again, in: workspace)
    }
    return made
  }

  /// The same by matrix products in single precision.
  private func multiplied(_ layer: Layer, _ given: Given) -> Made {
    func whole(_ x: Tensor) -> Tensor { x.elementType == .bfloat16 ? Tensor(x.values, columns: x.columns) : x }
    let x = whole(given.x), dy = whole(given.dy)
    let weight = given.x.elementType == .bfloat16 ? whole(given.weight.narrowed) : given.weight
    let made = Made(
      y: Tensor(rows: dy.rows, columns: layer.outputs), dx: Tensor(rows: x.rows, columns: layer.inputs),
      gradient: Tensor(rows: layer.outputs, columns: 9 * layer.inputs))
    let taps = Tensor(rows: layer.outputs, columns: 9 * layer.inputs)
    tapsFirst(weight, into: taps)
    let around = Tensor(rows: dy.rows, columns: 9 * layer.inputs)
    neighborhoods(of: x, given.grid, stride: layer.stride, into: around)
    multiply(around, taps.transposed, into: made.y)
    let gradient = Tensor(rows: layer.outputs, columns: 9 * layer.inputs)
    multiplyTransposed(dy, around, into: gradient, accumulating: false, columnSums: nil)
    tapsFirstBackward(gradient, into: made.gradient, accumulating: false)
    multiply(dy, taps, into: around)
    neighborhoodsBackward(around, given.grid, stride: layer.stride, into: made.dx)
    return made
  }

  private func expectClose(
    _ found: Tensor, _ expected: Tensor, _ tolerance: Double, _ what: String,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    var difference = 0.0, norm = 0.0
    for (a, b) in zip(found.values, expected.values) {
      difference += Double(a - b) * Double(a - b)
      norm += Double(b) * Double(b)
    }
    #expect((difference / norm).squareRoot() <= tolerance, "\(what)", sourceLocation: sourceLocation)
  }

  @Test(arguments: layers, types) func theLibraryConvolvesAsAProductDoes(
    layer: Layer, type: ElementType
  ) {
    let given = given(layer, type)
    let found = convolved(layer, given), expected = multiplied(layer, given)
    expectClose(found.y, expected.y, type == .float32 ? 1e-6 : 4e-3, "result")
    expectClose(found.dx, expected.dx, 1e-6, "gradient of the pictures")
    expectClose(found.gradient, expected.gradient, 1e-6, "gradient of the weight")
    let twice = convolved(layer, given, accumulating: true)
    expectClose(twice.gradient, Tensor(found.gradient.values.map { 2 * $0 }, columns: 9 * layer.inputs), 1e-6, "added")
  }

  @Test(arguments: layers, types) func everyNumberOfThreadsMakesTheSame(
    layer: Layer, type: ElementType
  ) {
    let given = given(layer, type)
    defer { Threads.use(1) }
    let made = [1, 2, 3].map { threads in
      Threads.use(threads)
      return convolved(layer, given)
    }
    for other in made.dropFirst() {
      #expect(other.y.values == made[0].y.values)
      #expect(other.dx.values == made[0].dx.values)
      #expect(other.gradient.values == made[0].gradient.values)
    }
  }

  /// Rows that are cut into parts, and such that are not.
  @Test(arguments: [1023, 2047, 2048, 5000]) func manyRowsAreMultipliedInParts(rows: Int) {
    let x = Reference.random(rows, 24, seed: 1), y = Reference.random(rows, 40, seed: 2)
    let found = Tensor(rows: 24, columns: 40), sums = Tensor(rows: 1, columns: 24)
    multiplyTransposed(x, y, into: found, accumulating: false, columnSums: sums)
    multiplyTransposed(x, y, into: found, accumulating: true, columnSums: sums)
    let a = x.values, b = y.values
    var expected = [Float](repeating: 0, count: 24 * 40), expectedSums = [Float](repeating: 0, count: 24)
    for i in 0..<24 {
      expectedSums[i] = Float(2 * (0..<rows).reduce(0.0) { $0 + Double(a[$1 * 24 + i]) })
      for j in 0..<40 {
        expected[i * 40 + j] = Float(
          2 * (0..<rows).reduce(0.0) { $0 + Double(a[$1 * 24 + i]) * Double(b[$1 * 40 + j]) })
      }
    }
    expectClose(found, Tensor(expected, columns: 40), 1e-6, "product")
    expectClose(sums, Tensor(expectedSums, columns: 24), 1e-5, "sums")
  }
}
