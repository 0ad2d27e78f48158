import Tensors
import Testing

/// Our own products against oneDNN's, at the sizes of a training step; both add up in single precision.
@Suite(.serialized, .enabled(if: ProductUnit.library.isAvailable, "needs instructions for bfloat16"))
struct LibraryTests {
  /// A layer of ViT-B/32 on 32 pictures of 50 tokens.
  struct Layer: Sendable {
    let inputs: Int
    let outputs: Int
  }

  static let units = [ProductUnit.amx, .dotProducts, .integers, .floats].filter(\.isAvailable)
  static let layers = [
    Layer(inputs: 768, outputs: 2304), Layer(inputs: 768, outputs: 768), Layer(inputs: 768, outputs: 3072),
    Layer(inputs: 3072, outputs: 768),
  ]

  /// ‖x − y‖ / ‖y‖, of single-precision tensors.
  private func difference(_ x: Tensor, _ y: Tensor) -> Double {
    var difference = 0.0, norm = 0.0
    x.withFloats { x in
      y.withFloats { y in
        for index in y.indices {
          difference += Double(x[index] - y[index]) * Double(x[index] - y[index])
          norm += Double(y[index]) * Double(y[index])
        }
      }
    }
    return (difference / norm).squareRoot()
  }

  @Test(arguments: units, layers) func aLayersProductsAreTheLibrarys(unit: ProductUnit, layer: Layer) {
    let x = Reference.random(1600, layer.inputs, seed: 1).narrowed
    let dy = Reference.random(1600, layer.outputs, seed: 2).narrowed
    let weight = Reference.random(layer.outputs, layer.inputs, seed: 3).narrowed
    Threads.use(2)
    defer { Threads.use(1) }
    func check(
      _ a: some Factor, _ b: some Factor, _ rows: Int, _ columns: Int, sourceLocation: SourceLocation = #_sourceLocation
    ) {
      func product(on unit: ProductUnit) -> Tensor {
        let c = Tensor(rows: rows, columns: columns)
        for accumulating in [false, true] {
          multiply(
            a, b, into: c, bias: nil, adding: nil, accumulating: accumulating, rowSums: nil, ending: .plain, on: unit)
        }
        return c
      }
      // Integers round what is bfloat16 already once more.
      let tolerance = unit == .integers ? 1e-3 : 1e-5
      #expect(difference(product(on: unit), product(on: .library)) <= tolerance, sourceLocation: sourceLocation)
    }
    check(x, weight.transposed, 1600, layer.outputs)
    check(dy, weight, 1600, layer.inputs)
    check(dy.transposed, x, layer.outputs, layer.inputs)
  }

  @Test func moreShapesThanAreKeptAreRightAsWell() {
    let a = Reference.random(300, 32, seed: 1).narrowed, b = Reference.random(32, 16, seed: 2).narrowed
    let expected = Reference.product(Reference.matrix(a), Reference.matrix(b))
    for rows in 1...300 {
      let c = Tensor(rows: rows, columns: 16)
      multiply(
        a.rows(0..<rows), b, into: c, bias: nil, adding: nil, accumulating: false, rowSums: nil, ending: .plain,
        on: .library)
      if rows % 50 == 0 { expectClose(c, Array(expected.prefix(rows)), 1e-6) }
    }
  }

  @Test func whatTheLibraryRefusesIsNamed() {
    let error = #expect(throws: LibraryError.self) {
      _ = try LibraryProduct(
        .init(rows: -3, columns: 5, inner: 7, aStride: 7, bStride: 5, cStride: 5, cType: .float32))
    }
    #expect(
      error.map { "\($0)" } == "oneDNN: COneDNN_describe returns invalid_arguments for -3 × 7 times 7 × 5")
  }
}
