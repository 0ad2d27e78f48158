import Collectives
import Foundation
import Tensors
import Towers
import Training

/// The loss alone, of batches that cross tiles in rows and columns on any number of ranks: P ranks against one.
struct ContrastChecks {
  // Divisible by 2, 3 and 4. Of 1,320 one rank has three tiles of 512 each way, the last ragged, and each of 4 a row of
  // more than one block; 4,608 are many enough to be scaled to integers in groups of 64, on any of these worlds.
  private static let sizes = [1320, 4608]
  private static let dimension = 16
  private let world: any Communicator

  init(_ world: any Communicator) {
    self.world = world
  }

  func run(_ checks: inout Checks) throws {
    for pairs in Self.sizes where pairs % world.size == 0 {
      let batch = batch(pairs)
      for threads in [1, 2] {
        Threads.use(threads)
        defer { Threads.use(1) }
        for precision in Precision.allCases {
          let name = "contrast of \(pairs), \(world.size) ranks of \(threads) threads, \(precision.rawValue)"
          // Summed as they are, and with maxima.
          for multiplier: Float in [14.3, 100] {
            try compare(batch, multiplier, precision, "\(name), s = \(multiplier)", &checks)
          }
          try collapse(pairs, precision, name, &checks)
        }
      }
    }
  }

  private func compare(
    _ batch: Embeddings, _ multiplier: Float, _ precision: Precision, _ name: String, _ checks: inout Checks
  ) throws {
    let own = batch.count / world.size, rows = world.rank * own..<(world.rank + 1) * own
    let alone = try contrast(batch, multiplier, precision, in: SoloCommunicator())
    let together = try contrast(batch.rows(rows), multiplier, precision, in: world)
    try checks.expect(
      "\(name): loss", abs(together.loss - alone.loss) <= 1e-6 * alone.loss, "\(together.loss), alone \(alone.loss)")
    for (what, found, expected) in [
      ("images", together.gradients.images, alone.gradients.images.rows(rows)),
      ("texts", together.gradients.texts, alone.gradients.texts.rows(rows)),
    ] {
      let error = relativeError(found.values, expected.values)
      try checks.expect("\(name): gradient of \(what)", error <= 1e-5, "off by \(error) of its norm")
    }
    let scale = try world.sum(Double(together.logitScaleGradient)), expected = Double(alone.logitScaleGradient)
    try checks.expect(
      "\(name): gradient of the scale", abs(scale - expected) <= 1e-5 * abs(expected), "\(scale), alone \(expected)")
    // Some pairs find each other and some do not, or equality would say nothing.
    let accuracies = [alone.imageAccuracy, alone.textAccuracy]
    try checks.expect(
      "\(name): accuracies",
      [together.imageAccuracy, together.textAccuracy] == accuracies && accuracies.allSatisfy { $0 > 0.2 && $0 < 0.99 },
      "\(together.imageAccuracy) and \(together.textAccuracy), alone \(accuracies)")
  }

  /// All embeddings equal: ties with pairs of this rank and of others.
  private func collapse(_ pairs: Int, _ precision: Precision, _ name: String, _ checks: inout Checks) throws {
    let own = pairs / world.size, row = unitRow(0).values
    let same = Tensor((0..<own).flatMap { _ in row }, columns: Self.dimension)
    let found = try contrast(Embeddings(images: same, texts: same), 14.3, precision, in: world)
    try checks.expect(
      "\(name): a collapsed model finds nothing", found.imageAccuracy == 0 && found.textAccuracy == 0,
      "\(found.imageAccuracy) and \(found.textAccuracy)")
  }

  private func contrast(
    _ embeddings: Embeddings, _ multiplier: Float, _ precision: Precision, in world: some Communicator
  ) throws -> Contrast {
    try Contrast(
      of: embeddings, logitScale: log(multiplier), in: world,
      into: Embeddings(count: embeddings.count, dimension: Self.dimension), precision: precision, using: Workspace())
  }

  /// Random pictures, and captions half way to somewhere else; the same on every rank.
  private func batch(_ pairs: Int) -> Embeddings {
    let batch = Embeddings(count: pairs, dimension: Self.dimension)
    for row in 0..<pairs {
      let image = unitRow(row), text = unitRow(pairs + row)
      add(image, to: text)
      normalizeRows(text, into: text, inverseNorms: Tensor(rows: 1, columns: 1))
      copy(image, into: batch.images.rows(row..<row + 1))
      copy(text, into: batch.texts.rows(row..<row + 1))
    }
    return batch
  }

  private func unitRow(_ stream: Int) -> Tensor {
    var generator = CounterGenerator(seed: 5, stream: UInt64(stream))
    let row = Tensor((0..<Self.dimension).map { _ in generator.uniform() - 0.5 }, columns: Self.dimension)
    normalizeRows(row, into: row, inverseNorms: Tensor(rows: 1, columns: 1))
    return row
  }
}
