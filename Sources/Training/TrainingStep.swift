public import Collectives
import Tensors
public import Towers

/// The four phases of a training step on one rank, and the time each takes.
///
/// Whoever takes steps calls, in this order: ``embed(_:)``, ``contrast()``, ``backward(_:from:step:learningRate:)``,
/// ``reduce()`` and ``optimize(norm:)``. The trainer does, and so does the benchmark: both run the same code.
public final class TrainingStep {
  /// The model that learns.
  public let towers: TwoTowers
  /// Seconds of the phases since it was last set to zero.
  public var seconds = PhaseTimes()
  /// Told when a phase begins, and with each micro-batch of it.
  var whenEntering: (Phase) -> Void = { _ in }
  private let optimizer: Optimizer
  private let reduction: Reduction
  private let exchange: SliceExchange
  private let tree: GradientTree
  private let world: any Communicator
  private let embeddings: Embeddings
  private let gradients: Embeddings
  private let workspace = Workspace()
  /// Of this rank, in the step at hand.
  private var microBatches = 0
  /// The number of the step at hand, from 1, and its learning rate.
  private var update: (step: Int, learningRate: Float) = (0, 0)

  /// - Parameters:
  ///   - model: its shape; all values are zero, to be drawn or loaded.
  ///   - pairs: of this rank in a step; equally many on every rank.
  ///   - recipe: the precision, how gradients travel and what becomes of them, and what a rank keeps.
  ///   - world: all ranks.
  public init(_ model: ModelConfiguration, pairs: Int, recipe: Recipe, in world: any Communicator) {
    exchange = SliceExchange(recipe.reduction, in: world)
    let training = recipe.training(of: model), passesUnits = recipe.updatesUnits(pairs: pairs)
    towers =
      switch recipe.shard {
      // A rank alone keeps everything whatever its recipe says.
      case .parameters where world.size > 1:
        TwoTowers(model, precision: recipe.precision, sharedBy: exchange, passingUnits: passesUnits, training)
      case .none, .optimizer, .parameters:
        TwoTowers(model, precision: recipe.precision, forTraining: true, passingUnits: passesUnits, training)
      }
    if recipe.batchNorm == .world, world.size > 1 { towers.statisticsExchange = WorldStatistics(in: world) }
    reduction = Reduction(of: towers.parameters, recipe.shard, by: exchange)
    tree = GradientTree(of: towers.parameters)
    optimizer = Optimizer(recipe.optimizer, reduction.makeMoments())
    self.world = world
    embeddings = Embeddings(count: pairs, dimension: model.embedDim)
    gradients = Embeddings(count: pairs, dimension: model.embedDim)
  }

  /// Embeds micro-batches, which together are this rank's pairs. A single one keeps its activations as well.
  ///
  /// Every rank has equally many micro-batches: where ranks share the model, they go through its blocks together.
  public func embed(_ batches: [MicroBatch]) throws {
    microBatches = batches.count
    try seconds.measure(\.embed) {
      for (batch, rows) in zip(batches, rows(of: batches)) {
        whenEntering(.embed)
        try towers.embed(batch, into: embeddings.rows(rows), keeping: batches.count == 1)
      }
    }
  }

  /// The loss of the embeddings of the whole world, and its gradients.
  public func contrast() throws -> Contrast {
    whenEntering(.contrast)
    return try seconds.measure(\.contrast) {
      let logitScale = towers.logitScale.values.scalar
      return switch exchange.order {
      case .ranks:
        try Contrast(
          of: embeddings, logitScale: logitScale, in: world, into: gradients, precision: towers.precision,
          using: workspace)
      case .canonical:
        try CanonicalContrast.contrast(
          of: embeddings, logitScale: logitScale,
          shares: CanonicalOrder.shares(microBatches: microBatches * world.size), by: exchange, into: gradients,
          precision: towers.precision, using: workspace)
      }
    }
  }

  /// Goes backward through every micro-batch, which is embedded again unless it is the only one; leaves this rank's
  /// part of the gradients of all parameters.
  ///
  /// Where the recipe lets it, units are updated on the way, and leave no gradients. Should the norm of the gradient turn out
  /// not to be finite then, some of them have changed: the step cannot be given up and another one taken.
  ///
  /// - Parameters:
  ///   - step: its number, from 1.
  ///   - learningRate: of this step.
  public func backward(
    _ batches: [MicroBatch], from contrast: Contrast, step: Int, learningRate: Float
  ) throws {
    update = (step, learningRate)
    let passesUnits = towers.parameters.passesUnits
    precondition(batches.count == 1 || !passesUnits, "\(batches.count) micro-batches of a recipe that has one")
    let updates = UnitUpdates(
      of: towers.parameters, reduction, optimizer, step: step, learningRate: learningRate)
    let parts = Array(zip(batches, rows(of: batches)))
    func backward(_ part: (batch: MicroBatch, rows: Range<Int>)) throws {
      whenEntering(.backward)
      try towers.backward(
        part.batch, from: contrast.gradients.rows(part.rows), passingUnitsTo: passesUnits ? updates : nil)
    }
    try seconds.measure(\.backward) {
      switch exchange.order {
      case .ranks:
        towers.parameters.beginGradients()
        towers.logitScale.gradient.scalar = contrast.logitScaleGradient
        for part in parts { try backward(part) }
      case .canonical:
        try tree.sum(microBatches: parts.count) { try backward(parts[$0]) }
        // No part of any micro-batch's gradient, but of this rank's shares of the logits.
        towers.logitScale.gradient.scalar = contrast.logitScaleGradient
      }
    }
    seconds.move(updates.seconds, from: \.backward)
  }

  /// What the optimizer of this rank keeps from step to step.
  package var moments: Moments { optimizer.moments }

  /// Sums the gradients over the world that were not summed on the way back.
  ///
  /// - Returns: the norm of the gradient before clipping, the same on all ranks.
  public func reduce() throws -> Double {
    whenEntering(.reduce)
    return try seconds.measure(\.reduce) { try reduction.sumGradients() }
  }

  /// Takes a step along the gradients, as far as it was not taken on the way back.
  ///
  /// - Parameter norm: what ``reduce()`` returned; finite.
  public func optimize(norm: Double) throws {
    whenEntering(.optimize)
    seconds.measure(\.optimize) {
      optimizer.step(update.step, towers, learningRate: update.learningRate, norm: norm)
    }
    try averageStatistics()
    try seconds.measure(\.reduce) { try reduction.gatherValues() }
  }

  /// Brings what batch norm has come to know on all ranks together: the mean of it.
  private func averageStatistics() throws {
    guard world.size > 1 else { return }
    for statistic in towers.parameters.parameters where statistic.isStatistic && !statistic.isLocked {
      try statistic.values.withMutableFloats { try world.sum($0) }
      scale(statistic.values, by: 1 / Float(world.size))
    }
  }

  /// Which of this rank's pairs make up each micro-batch: they lie one behind the other.
  private func rows(of batches: [MicroBatch]) -> [Range<Int>] {
    var start = 0
    return batches.map { batch in
      defer { start += batch.count }
      return start..<start + batch.count
    }
  }
}
