import Foundation
import Tensors
import Testing

/// Every kernel against its plain twin, and every backward twin against finite differences of that.
@Suite struct KernelTests {
  @Test(arguments: [(1, 1, 1), (5, 7, 3), (33, 64, 48), (130, 20, 17)])
  func productsInEveryTransposition(rows: Int, inner: Int, columns: Int) {
    let a = Reference.random(rows, inner, seed: 1), b = Reference.random(inner, columns, seed: 2)
    let at = Reference.random(inner, rows, seed: 3), bt = Reference.random(columns, inner, seed: 4)
    let c = Tensor(rows: rows, columns: columns)
    multiply(a, b, into: c)
    expectClose(c, Reference.product(Reference.matrix(a), Reference.matrix(b)), 1e-6)
    multiply(a, bt.transposed, into: c)
    expectClose(c, Reference.product(Reference.matrix(a), Reference.transposed(Reference.matrix(bt))), 1e-6)
    multiply(at.transposed, b, into: c)
    let product = Reference.product(Reference.transposed(Reference.matrix(at)), Reference.matrix(b))
    expectClose(c, product, 1e-6)
    multiply(at.transposed, b, into: c, accumulating: true)
    expectClose(c, product.map { $0.map { 2 * $0 } }, 1e-6)
  }

  @Test func productsAddBiasAndResidual() {
    let a = Reference.random(9, 8, seed: 1), b = Reference.random(8, 5, seed: 2)
    let bias = Reference.random(1, 5, seed: 3), residual = Reference.random(9, 5, seed: 4)
    let c = Tensor(rows: 9, columns: 5)
    multiply(a, b, into: c, bias: bias, adding: residual)
    let product = Reference.product(Reference.matrix(a), Reference.matrix(b))
    let more = Reference.matrix(residual), row = Reference.matrix(bias)[0]
    expectClose(c, product.indices.map { i in row.indices.map { product[i][$0] + row[$0] + more[i][$0] } }, 1e-6)
  }

  @Test func productsOfColumnsOfAWiderMatrix() {
    let wide = Reference.random(12, 30, seed: 1), b = Reference.random(10, 4, seed: 2)
    let c = Tensor(rows: 12, columns: 4)
    multiply(wide.columns(10..<20), b, into: c)
    let part = Reference.matrix(wide).map { Array($0[10..<20]) }
    expectClose(c, Reference.product(part, Reference.matrix(b)), 1e-6)
  }

  @Test func productsOfBFloat16RoundLittleButTheirOperandsAndResult() {
    let a = Reference.random(20, 32, seed: 1).narrowed, b = Reference.random(32, 16, seed: 2).narrowed
    let expected = Reference.product(Reference.matrix(a), Reference.matrix(b))
    let wide = Tensor(rows: 20, columns: 16), narrow = Tensor(rows: 20, columns: 16, .bfloat16)
    multiply(a, b, into: wide)
    expectClose(wide, expected, ProductUnit.best == .integers ? 2e-4 : 1e-6)
    multiply(a, b, into: narrow)
    expectClose(narrow, expected, 3e-3)
  }

  @Test(arguments: [ElementType.float32, .bfloat16]) func layerNormAndItsTwin(type: ElementType) {
    let tolerance = type == .float32 ? 2e-6 : 5e-3
    let x = Reference.random(6, 40, seed: 1)
    let weight = Reference.random(1, 40, seed: 2), bias = Reference.random(1, 40, seed: 3)
    let y = Tensor(rows: 6, columns: 40, type), statistics = Tensor(rows: 6, columns: 2)
    layerNorm(x, weight: weight, bias: bias, into: y, statistics: statistics)
    let (w, b) = (Reference.matrix(weight)[0], Reference.matrix(bias)[0])
    expectClose(y, Reference.layerNorm(Reference.matrix(x), w, b), tolerance)

    let direction = Reference.random(6, 40, seed: 4), dy = type == .float32 ? direction : direction.narrowed
    let dx = Tensor(rows: 6, columns: 40)
    let dWeight = Tensor(rows: 1, columns: 40), dBias = Tensor(rows: 1, columns: 40)
    layerNormBackward(
      dy, x: x, statistics: statistics, weight: weight, addingTo: dx, weightGradient: dWeight, biasGradient: dBias)
    let g = Reference.matrix(direction)
    expectClose(
      dx, Reference.gradient(of: Reference.matrix(x), along: g) { Reference.layerNorm($0, w, b) }, max(tolerance, 1e-5))
    let ofWeight = Reference.gradient(of: [w], along: g) { Reference.layerNorm(Reference.matrix(x), $0[0], b) }
    expectClose(dWeight, ofWeight, max(tolerance, 1e-5))
    let ofBias = Reference.gradient(of: [b], along: g) { Reference.layerNorm(Reference.matrix(x), w, $0[0]) }
    expectClose(dBias, ofBias, max(tolerance, 1e-5))
  }

  @Test(arguments: [Activation.gelu, .quickGELU]) func activationsFromOneTailToTheOther(kind: Activation) {
    let x = Tensor((-400...400).map { Float($0) / 40 }, columns: 801)
    let y = Tensor(rows: 1, columns: 801), dx = Tensor(rows: 1, columns: 801)
    kind.forward(x, into: y)
    let points = Reference.matrix(x)[0]
    for (found, point) in zip(y.values, points) {
      #expect(abs(Double(found) - Reference.activation(kind, point)) <= 4e-7 * max(1, abs(point)))
    }
    kind.backward(Tensor([Float](repeating: 1, count: 801), columns: 801), x: x, into: dx)
    for (found, point) in zip(dx.values, points) {
      let slope = (Reference.activation(kind, point + 1e-5) - Reference.activation(kind, point - 1e-5)) / 2e-5
      #expect(abs(Double(found) - slope) <= 2e-6)
    }
  }

  @Test func activationsKeepWhatIsNoNumber() {
    let x = Tensor([.nan, 1, .infinity], columns: 3), y = Tensor(rows: 1, columns: 3)
    Activation.gelu.forward(x, into: y)
    #expect(y.values[0].isNaN)
    #expect(y.values[2] == .infinity)
    #expect(x.narrowed.values[0].isNaN)
  }

  @Test func normalisedRowsAndTheirTwin() {
    let x = Reference.random(5, 19, seed: 1), y = Tensor(rows: 5, columns: 19), norms = Tensor(rows: 5, columns: 1)
    normalizeRows(x, into: y, inverseNorms: norms)
    func normalized(_ x: Reference.Matrix) -> Reference.Matrix {
      x.map { row in row.map { $0 / row.reduce(0) { $0 + $1 * $1 }.squareRoot() } }
    }
    expectClose(y, normalized(Reference.matrix(x)), 1e-6)
    let dy = Reference.random(5, 19, seed: 2), dx = Tensor(rows: 5, columns: 19)
    normalizeRowsBackward(dy, y: y, inverseNorms: norms, into: dx)
    expectClose(dx, Reference.gradient(of: Reference.matrix(x), along: Reference.matrix(dy), normalized), 1e-5)
  }

  @Test func gatheringAndScatteringAreTwins() {
    let table = Reference.random(4, 18, seed: 1), index: [Int32] = [3, 0, 3, 3, 1]
    let rows = Tensor(rows: 5, columns: 18), sums = Tensor(rows: 4, columns: 18)
    gatherRows(of: table, index, into: rows)
    let numbers = Reference.matrix(table)
    expectClose(rows, index.map { numbers[Int($0)] }, 0)
    scatterAddRows(of: rows, index, to: sums)
    expectClose(sums, zip(numbers, [1.0, 1, 0, 3]).map { row, times in row.map { $0 * times } }, 1e-6)
  }

  @Test func patchesAreThoseOfAConvolution() {
    // Two pictures of 4 × 6 pixels in patches of 2: byte = its own place, so every column tells where it came from.
    let bytes = (0..<2 * 4 * 6 * 3).map { UInt8($0) }
    let y = Tensor(rows: 12, columns: 12)
    bytes.withUnsafeBufferPointer {
      patches(of: $0, height: 4, width: 6, patch: 2, mean: [0, 0, 0], deviation: [1, 1, 1], into: y)
    }
    for picture in 0..<2 {
      for (i, j) in [(0, 0), (0, 2), (1, 1)] {
        let row = y.rows(picture * 6 + i * 3 + j..<picture * 6 + i * 3 + j + 1).values
        for channel in 0..<3 {
          for (v, u) in [(0, 0), (0, 1), (1, 0)] {
            let byte = ((picture * 4 + 2 * i + v) * 6 + 2 * j + u) * 3 + channel
            #expect(abs(row[channel * 4 + v * 2 + u] * 255 - Float(byte)) < 1e-3)
          }
        }
      }
    }
  }

  /// Of any size and any choice, whichever way this processor takes.
  @Test func patchesOfBFloat16AreThoseOfFloatsRounded() {
    let mean: SIMD3<Float> = [0.48145466, 0.4578275, 0.40821073], deviation: SIMD3<Float> = [0.27, 0.26, 0.28]
    for patch in [1, 2, 7, 14, 16, 21, 22, 32, 33, 40] {
      let (height, width) = (2 * patch, 3 * patch)
      let bytes = (0..<2 * height * width * 3).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 7) }
      for seen in [nil, [5, 0, 3, 1] as [Int32]] {
        let rows = seen?.count ?? 12
        let exact = Tensor(rows: rows, columns: 3 * patch * patch)
        let found = Tensor(rows: rows, columns: 3 * patch * patch, .bfloat16)
        // Behind the last pixel nothing may be read: the bytes end where the buffer does.
        bytes.withUnsafeBufferPointer {
          for y in [exact, found] {
            patches(
              of: $0, height: height, width: width, patch: patch, seen: seen, mean: mean, deviation: deviation, into: y)
          }
        }
        #expect(found.values == exact.narrowed.values, "patches of \(patch) pixels")
      }
    }
  }

  @Test func sumsOfSquaresAreExactEnoughForMillions() {
    let x = Tensor([Float](repeating: 0.1, count: 3_000_000), columns: 3_000_000)
    #expect(abs(sumOfSquares(x) - 3_000_000 * Double(Float(0.1)) * Double(Float(0.1))) < 0.01)
  }
}
