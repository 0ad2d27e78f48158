import Collectives
import Foundation
import Tensors
import Testing
import Towers
import Training

/// The tiled loss against the definition of the paper's figure 3, in double precision.
@Suite(.serialized) struct ContrastTests {
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

  /// What multiplies, and how close it comes: of gradients, of the loss, and of the gradient of ln s.
  private struct Way: Sendable, CustomTestStringConvertible {
    let unit: ProductUnit
    let threads: Int
    var testDescription: String { "\(unit), \(threads) threads" }
    var gradients: Double { tolerance(1e-5, integers: 2e-3, bfloat16: 3e-2) }
    var loss: Double { tolerance(2e-6, integers: 2e-4, bfloat16: 1e-3) }
    var scale: Double { tolerance(1e-4, integers: 1e-3, bfloat16: 3e-2) }

    private func tolerance(_ floats: Double, integers: Double, bfloat16: Double) -> Double {
      switch unit {
      case .widening: floats
      case .integers: integers
      default: bfloat16
      }
    }
  }

  private static let units = [ProductUnit.amx, .dotProducts, .integers, .widening].filter(\.isAvailable)
  private static let ways = units.flatMap { unit in [1, 2, 3].map { Way(unit: unit, threads: $0) } }

  private func contrast(
    _ images: Tensor, _ texts: Tensor, multiplier: Float, on unit: ProductUnit, threads: Int = 1,
    using workspace: Workspace = Workspace()
  ) throws -> Contrast {
    Threads.use(threads)
    defer { Threads.use(1) }
    return try Contrast(
      of: Embeddings(images: images, texts: texts), logitScale: log(multiplier), in: SoloCommunicator(),
      into: Embeddings(count: images.rows, dimension: images.columns), on: unit, threads: threads,
      using: workspace)
  }

  /// Sizes around blocks of 24 or 32 × 64 and tiles of 192, 256 or 512: within one, ragged, and several each way. A multiplier
  /// of 100 exceeds what is summed without maxima.
  @Test(arguments: [(3, 8), (256, 16), (300, 12), (1100, 9)], [Float(1), 14.3, 100])
  func isTheDefinition(size: (Int, Int), multiplier: Float) throws {
    let (count, dimension) = size
    try expectTheDefinition(
      unitRows(count, dimension, seed: 1), unitRows(count, dimension, seed: 2), multiplier: multiplier)
  }

  /// Vectors of one number each, the same for many pairs: the largest sums of products there are.
  @Test(arguments: [Float(14.3), 100]) func isTheDefinitionOfVectorsAlongTwoAxes(multiplier: Float) throws {
    func axes(_ isSecond: (Int) -> Bool) -> Tensor {
      Tensor((0..<700).flatMap { isSecond($0) ? [Float(0), 0, 1] : [1, 0, 0] }, columns: 3)
    }
    try expectTheDefinition(axes { $0 % 2 == 0 }, axes { $0 % 7 == 0 }, multiplier: multiplier)
  }

  private func expectTheDefinition(_ images: Tensor, _ texts: Tensor, multiplier: Float) throws {
    let (count, dimension) = (images.rows, images.columns)
    let (u, v) = (rows(images), rows(texts))
    let dense = Dense(u, v, multiplier: Double(multiplier))
    func combined(_ weights: [[Double]], _ x: [[Double]]) -> [Float] {
      weights.flatMap { row in
        (0..<dimension).map { c in Float(Double(multiplier) * row.indices.reduce(0) { $0 + row[$1] * x[$1][c] }) }
      }
    }
    let dImages = combined(dense.dLogits, v)
    let dTexts = combined((0..<count).map { j in dense.dLogits.map { $0[j] } }, u)
    var dScale = 0.0
    for i in 0..<count {
      for j in 0..<count {
        dScale += dense.dLogits[i][j] * Double(multiplier) * zip(u[i], v[j]).reduce(0) { $0 + $1.0 * $1.1 }
      }
    }
    for way in Self.ways {
      let found = try contrast(images, texts, multiplier: multiplier, on: way.unit, threads: way.threads)
      #expect(abs(found.loss - dense.loss) <= way.loss * dense.loss, "\(way)")
      expectClose(found.gradients.images, dImages, way.gradients, "images, \(way)")
      expectClose(found.gradients.texts, dTexts, way.gradients, "texts, \(way)")
      #expect(abs(Double(found.logitScaleGradient) - dScale) <= way.scale * abs(dScale), "\(way)")
    }
  }

  /// So many pairs that pictures are scaled to integers in groups of 64, if there are no others; single precision, which
  /// equals the definition, tells what is right.
  @Test(arguments: [4160, 4170], [Float(14.3), 100]) func largeBatchesAreThoseOfSinglePrecision(
    count: Int, multiplier: Float
  ) throws {
    let images = unitRows(count, 40, seed: 1), texts = unitRows(count, 40, seed: 2)
    let expected = try contrast(images, texts, multiplier: multiplier, on: .widening, threads: 2)
    for way in Self.ways where way.unit != .widening && way.threads < 3 {
      let found = try contrast(images, texts, multiplier: multiplier, on: way.unit, threads: way.threads)
      #expect(abs(found.loss - expected.loss) <= way.loss * expected.loss, "\(way)")
      expectClose(found.gradients.images, expected.gradients.images.values, way.gradients, "images, \(way)")
      expectClose(found.gradients.texts, expected.gradients.texts.values, way.gradients, "texts, \(way)")
    }
  }

  @Test(arguments: units) func threadsChangeNextToNothing(unit: ProductUnit) throws {
    let images = unitRows(1100, 40, seed: 1), texts = unitRows(1100, 40, seed: 2)
    let expected = try contrast(images, texts, multiplier: 14.3, on: unit)
    for threads in 2...3 {
      let found = try contrast(images, texts, multiplier: 14.3, on: unit, threads: threads)
      #expect(abs(found.loss - expected.loss) <= 1e-6 * expected.loss)
      expectClose(found.gradients.images, expected.gradients.images.values, 1e-6, "images, \(threads) threads")
      expectClose(found.gradients.texts, expected.gradients.texts.values, 1e-6, "texts, \(threads) threads")
      let again = try contrast(images, texts, multiplier: 14.3, on: unit, threads: threads)
      #expect(found.gradients.images.values == again.gradients.images.values)
      #expect(found.gradients.texts.values == again.gradients.texts.values)
      #expect(found.loss == again.loss && found.logitScaleGradient == again.logitScaleGradient)
    }
  }

  /// Sums without maxima, just below where they end, and with maxima, just above.
  @Test(arguments: units) func bothWaysToSumMeet(unit: ProductUnit) throws {
    let images = unitRows(300, 8, seed: 1), texts = unitRows(300, 8, seed: 2)
    let below = try contrast(images, texts, multiplier: LogitTiles.largestSmall * 0.9999, on: unit)
    let above = try contrast(images, texts, multiplier: LogitTiles.largestSmall * 1.0001, on: unit)
    #expect(abs(below.loss - above.loss) <= 1e-3 * above.loss)
    expectClose(below.gradients.images, above.gradients.images.values, 2e-2, "images")
    expectClose(below.gradients.texts, above.gradients.texts.values, 2e-2, "texts")
  }

  @Test(arguments: units) func aStepReservesNothingAfterTheFirst(unit: ProductUnit) throws {
    let images = unitRows(300, 8, seed: 1), texts = unitRows(300, 8, seed: 2), workspace = Workspace()
    let first = try contrast(images, texts, multiplier: 14.3, on: unit, using: workspace)
    let reserved = workspace.reserved
    let second = try contrast(images, texts, multiplier: 14.3, on: unit, using: workspace)
    #expect(workspace.reserved == reserved)
    #expect(first.loss == second.loss)
  }

  /// All embeddings equal, the way a model fails: every pair ties with all others.
  @Test(arguments: units, [Float(14.3), 100]) func aCollapsedModelFindsNothing(
    unit: ProductUnit, multiplier: Float
  ) throws {
    for (count, dimension) in [(2, 5), (700, 37)] {
      let row = unitRows(1, dimension, seed: 3).values
      let same = Tensor((0..<count).flatMap { _ in row }, columns: dimension)
      for threads in 1...3 {
        let found = try contrast(same, same, multiplier: multiplier, on: unit, threads: threads)
        #expect(found.imageAccuracy == 0)
        #expect(found.textAccuracy == 0)
        #expect(abs(found.loss - log(Double(count))) < 1e-5)
      }
    }
  }

  /// Two pictures with the same caption each: neither finds its own before the other's.
  @Test(arguments: units) func tiesAreNoHits(unit: ProductUnit) throws {
    let images = unitRows(130, 48, seed: 1), texts = Tensor(rows: 130, columns: 48)
    copy(images, into: texts)
    copy(texts.rows(7..<8), into: texts.rows(110..<111))
    let found = try contrast(images, texts, multiplier: 14.3, on: unit)
    // Picture 7 sees its caption twice and picture 110 not at all; caption 110 prefers picture 7.
    #expect(found.imageAccuracy == 128.0 / 130)
    #expect(found.textAccuracy == 129.0 / 130)
  }

  @Test(arguments: units) func aPairAloneFindsItself(unit: ProductUnit) throws {
    let one = unitRows(1, 8, seed: 1)
    let found = try contrast(one, one, multiplier: 14.3, on: unit)
    #expect(abs(found.loss) < 1e-6)
    #expect(found.imageAccuracy == 1 && found.textAccuracy == 1)
    #expect(found.gradients.images.values.allSatisfy { abs($0) < 1e-5 })
  }

  @Test func accuracyCountsWhoFindsItsPartnerFirst() throws {
    // Pictures 0 and 1 have swapped captions; picture 2 and 3 have their own.
    let basis = Tensor([1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1], columns: 4)
    let texts = Tensor([0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1], columns: 4)
    let found = try Contrast(
      of: Embeddings(images: basis, texts: texts), logitScale: 1, in: SoloCommunicator(),
      into: Embeddings(count: 4, dimension: 4), precision: .fp32, using: Workspace())
    #expect(found.imageAccuracy == 0.5)
    #expect(found.textAccuracy == 0.5)
  }

  @Test(arguments: units, [Float.nan, .infinity]) func aLossThatIsNoNumberStaysNone(
    unit: ProductUnit, bad: Float
  ) throws {
    let finite = [Float](repeating: 0.5, count: 4)
    for place in [0, 3] {
      var spoiled = finite
      spoiled[place] = bad
      for multiplier: Float in [1, 100] {
        let (bad, good) = (Tensor(spoiled, columns: 2), Tensor(finite, columns: 2))
        #expect(try !contrast(bad, good, multiplier: multiplier, on: unit).loss.isFinite)
        #expect(try !contrast(good, bad, multiplier: multiplier, on: unit).loss.isFinite)
      }
    }
  }
}
