import Collectives
import Foundation
import Tensors
import Towers
import Training

/// Loss and every gradient of P ranks against those of one, for several micro-batches.
struct InvarianceChecks {
  private static let batch = 24
  private let world: any Communicator
  private var configuration = ModelConfiguration(
    embedDim: 24,
    vision: VisionConfiguration(imageSize: 32, patchSize: 8, layers: 2, width: 48, headWidth: 16),
    text: TextConfiguration(contextLength: 12, vocabularySize: 60, width: 32, heads: 2, layers: 2))

  init(_ world: any Communicator) {
    self.world = world
  }

  func run(_ checks: inout Checks) throws {
    try runTransformer(&checks)
    try InvarianceChecks(world, InvarianceChecks.residual).runResidual(&checks)
  }

  private init(_ world: any Communicator, _ configuration: ModelConfiguration) {
    self.world = world
    self.configuration = configuration
  }

  private static let residual = ModelConfiguration(
    embedDim: 16, vision: VisionConfiguration(imageSize: 32, stages: [1, 2, 1, 1], width: 4, headWidth: 32),
    text: TextConfiguration(contextLength: 12, vocabularySize: 60, width: 32, heads: 2, layers: 1))

  /// Batch norm over all ranks: a micro-batch of each is one of all of them together.
  private func runResidual(_ checks: inout Checks) throws {
    let alone = try step(rows: 0..<Self.batch, microBatch: Self.batch, in: SoloCommunicator())
    let own = Self.batch / world.size
    let together = try step(rows: world.rank * own..<(world.rank + 1) * own, microBatch: own, in: world)
    try together.towers.parameters.gradients.withMutableFloats { try world.sum($0) }
    let name = "\(world.size) ranks, batch norm of all"
    try checks.expect(
      "\(name): loss", abs(together.loss - alone.loss) <= 1e-5 * alone.loss, "\(together.loss), alone \(alone.loss)")
    for (found, expected) in zip(together.towers.parameters.parameters, alone.towers.parameters.parameters) {
      if found.isStatistic {
        let error = relativeError(found.values.values, expected.values.values)
        try checks.expect("\(name): \(found.name)", error <= 1e-5, "off by \(error) of its norm")
      } else if found.name != "visual.attnpool.k_proj.bias" {
        let error = relativeError(found.gradient.values, expected.gradient.values)
        try checks.expect("\(name): gradient of \(found.name)", error <= 1e-4, "off by \(error) of its norm")
      }
    }
  }

  private func runTransformer(_ checks: inout Checks) throws {
    let alone = try step(rows: 0..<Self.batch, microBatch: Self.batch, in: SoloCommunicator())
    let own = Self.batch / world.size
    for microBatch in Set([1, 2, own]).sorted() where microBatch <= own {
      let rows = world.rank * own..<(world.rank + 1) * own
      let together = try step(rows: rows, microBatch: microBatch, in: world)
      try together.towers.parameters.gradients.withMutableFloats { try world.sum($0) }
      let name = "\(world.size) ranks, micro-batches of \(microBatch)"
      try checks.expect(
        "\(name): loss", abs(together.loss - alone.loss) <= 1e-6 * alone.loss, "\(together.loss), alone \(alone.loss)")
      for (found, expected) in zip(together.towers.parameters.parameters, alone.towers.parameters.parameters) {
        let error = relativeError(found.gradient.values, expected.gradient.values)
        try checks.expect("\(name): gradient of \(found.name)", error <= 1e-5, "off by \(error) of its norm")
      }
    }
  }

  /// Embeds, contrasts and goes backward on some rows of the batch; gradients stay in the towers.
  private func step(
    rows: Range<Int>, microBatch: Int, in world: some Communicator
  ) throws -> (towers: TwoTowers, loss: Double) {
    let towers = TwoTowers(configuration, precision: .fp32, forTraining: true)
    towers.parameters.initialize(seed: 7)
    // Gains that begin at zero would hide what lies behind them.
    for parameter in towers.parameters.parameters where parameter.name.hasSuffix("bn3.weight") {
      parameter.values.withMutableFloats { $0.update(repeating: 0.5) }
    }
    if world.size > 1 { towers.statisticsExchange = WorldStatistics(in: world) }
    let embeddings = Embeddings(count: rows.count, dimension: configuration.embedDim)
    let gradients = Embeddings(count: rows.count, dimension: configuration.embedDim)
    let parts = stride(from: 0, to: rows.count, by: microBatch).map { $0..<min($0 + microBatch, rows.count) }
    func batch(_ part: Range<Int>) -> MicroBatch {
      MicroBatch.drawn(rows.lowerBound + part.lowerBound..<rows.lowerBound + part.upperBound, seed: 1)
    }
    for part in parts { try towers.embed(batch(part), into: embeddings.rows(part), keeping: parts.count == 1) }
    let contrast = try Contrast(
      of: embeddings, logitScale: towers.logitScale.values.scalar, in: world, into: gradients,
      precision: towers.precision, using: Workspace())
    towers.logitScale.gradient.scalar = contrast.logitScaleGradient
    for part in parts { try towers.backward(batch(part), from: gradients.rows(part)) }
    return (towers, contrast.loss)
  }
}
