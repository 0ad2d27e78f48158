import Collectives
import Foundation
import Tensors
import Testing
import Towers
import Training

/// The tiled loss against the definition of the paper's figure 3, in double precision.
@Suite struct ContrastTests {
  private func unitRows(_ rows: Int, _ columns: Int, seed: UInt64) -> Tensor {
    var generator = CounterGenerator(seed: seed)
    let x = Tensor((0..<rows * columns).map { _ in generator.uniform() - 0.5 }, columns: columns)
    normalizeRows(x, into: x, inverseNorms: Tensor(rows: rows, columns: 1))
    return x
  }

  private func rows(_ x: Tensor) -> [[Double]] {
    let values = x.values
    return (0..<x.rows).map { row in (0..<x.columns).map { Double(values[row * x.columns + $0]) } }
  }

  private struct Dense {
    var loss = 0.0
    var dLogits: [[Double]]  // with respect to the logits

    init(_ images: [[Double]], _ texts: [[Double]], multiplier: Double) {
      let logits = images.map { image in
        texts.map { text in multiplier * zip(image, text).reduce(0) { $0 + $1.0 * $1.1 } }
      }
      let count = logits.count
      func logSum(_ x: [Double]) -> Double {
        let largest = x.max() ?? 0
        return largest + log(x.reduce(0) { $0 + exp($1 - largest) })
      }
      let rowSums = logits.map(logSum), columnSums = (0..<count).map { column in logSum(logits.map { $0[column] }) }
      for i in 0..<count { loss += (rowSums[i] + columnSums[i] - 2 * logits[i][i]) / Double(2 * count) }
      dLogits = logits
      for i in 0..<count {
        for j in 0..<count {
          let softmaxes = exp(logits[i][j] - rowSums[i]) + exp(logits[i][j] - columnSums[j])
          dLogits[i][j] = (softmaxes - (i == j ? 2.0 : 0.0)) / Double(2 * count)
        }
      }
    }
  }

  /// Sizes around the tiles of 256 × 1024: within one, ragged, and several each way.
  @Test(arguments: [(3, 8), (256, 16), (300, 12), (1100, 9)], [Float(1), 14.3, 100])
  func isTheDefinition(size: (Int, Int), multiplier: Float) throws {
    let (count, dimension) = size
    let images = unitRows(count, dimension, seed: 1), texts = unitRows(count, dimension, seed: 2)
    let gradients = Embeddings(count: count, dimension: dimension)
    let found = try Contrast(
      of: Embeddings(images: images, texts: texts), logitScale: log(multiplier), in: SoloCommunicator(),
      into: gradients, using: Workspace())
    let (u, v) = (rows(images), rows(texts))
    let dense = Dense(u, v, multiplier: Double(multiplier))
    #expect(abs(found.loss - dense.loss) <= 2e-6 * dense.loss)

    func combined(_ weights: [[Double]], _ x: [[Double]]) -> [Float] {
      weights.flatMap { row in
        (0..<dimension).map { c in Float(Double(multiplier) * row.indices.reduce(0) { $0 + row[$1] * x[$1][c] }) }
      }
    }
    expectClose(found.gradients.images, combined(dense.dLogits, v), 1e-5, "images")
    let transposed = (0..<count).map { j in dense.dLogits.map { $0[j] } }
    expectClose(found.gradients.texts, combined(transposed, u), 1e-5, "texts")
    var dScale = 0.0
    for i in 0..<count {
      for j in 0..<count {
        dScale += dense.dLogits[i][j] * Double(multiplier) * zip(u[i], v[j]).reduce(0) { $0 + $1.0 * $1.1 }
      }
    }
    #expect(abs(Double(found.logitScaleGradient) - dScale) <= 1e-4 * abs(dScale))
  }

  @Test func accuracyCountsWhoFindsItsPartnerFirst() throws {
    // Pictures 0 and 1 have swapped captions; picture 2 and 3 have their own.
    let basis = Tensor([1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1], columns: 4)
    let texts = Tensor([0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1], columns: 4)
    let found = try Contrast(
      of: Embeddings(images: basis, texts: texts), logitScale: 1, in: SoloCommunicator(),
      into: Embeddings(count: 4, dimension: 4), using: Workspace())
    #expect(found.imageAccuracy == 0.5)
    #expect(found.textAccuracy == 0.5)
  }

  @Test func aLossThatIsNoNumberStaysNone() throws {
    let images = Tensor([.nan, 0, 0, 1], columns: 2), texts = Tensor([1, 0, 0, 1], columns: 2)
    let found = try Contrast(
      of: Embeddings(images: images, texts: texts), logitScale: 1, in: SoloCommunicator(),
      into: Embeddings(count: 2, dimension: 2), using: Workspace())
    #expect(!found.loss.isFinite)
  }
}
