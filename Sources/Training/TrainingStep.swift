public import Collectives
import Tensors
public import Towers

/// The four phases of a training step on one rank, and the time each takes.
///
/// Whoever takes steps calls, in this order: ``embed(_:)``, ``contrast()``, ``backward(_:from:)``, ``reduce()`` and
/// ``optimize(_:learningRate:)``. The trainer does, and so does the benchmark: both run the same code.
public final class TrainingStep {
  /// The model that learns.
  public let towers: TwoTowers
  /// Seconds of the phases since it was last set to zero.
  public var seconds = PhaseTimes()
  private let optimizer: Optimizer
  private let reduction: Reduction
  private let world: any Communicator
  private let embeddings: Embeddings
  private let gradients: Embeddings
  private let workspace = Workspace()

  /// - Parameters:
  ///   - towers: allocated for training, with the same values on every rank.
  ///   - pairs: of this rank in a step; equally many on every rank.
  ///   - recipe: how gradients travel and what becomes of them.
  ///   - world: all ranks.
  public init(_ towers: TwoTowers, pairs: Int, recipe: Recipe, in world: any Communicator) {
    self.towers = towers
    reduction = Reduction(of: towers.parameters, recipe.reduction, recipe.shard, in: world)
    optimizer = Optimizer(recipe.optimizer, reduction.makeMoments())
    self.world = world
    embeddings = Embeddings(count: pairs, dimension: towers.configuration.embedDim)
    gradients = Embeddings(count: pairs, dimension: towers.configuration.embedDim)
  }

  /// Embeds micro-batches, which together are this rank's pairs. A single one keeps its activations as well.
  public func embed(_ batches: [MicroBatch]) {
    seconds.measure(\.embed) {
      for (batch, rows) in zip(batches, rows(of: batches)) {
        towers.embed(batch, into: embeddings.rows(rows), keeping: batches.count == 1)
      }
    }
  }

  /// The loss of the embeddings of the whole world, and its gradients.
  public func contrast() throws -> Contrast {
    try seconds.measure(\.contrast) {
      try Contrast(
        of: embeddings, logitScale: towers.logitScale.values.scalar, in: world, into: gradients,
        precision: towers.precision, using: workspace)
    }
  }

  /// Goes backward through every micro-batch, which is embedded again unless it is the only one; leaves this rank's
  /// part of the gradients of all parameters.
  public func backward(_ batches: [MicroBatch], from contrast: Contrast) {
    seconds.measure(\.backward) {
      towers.parameters.beginGradients()
      towers.logitScale.gradient.scalar = contrast.logitScaleGradient
      for (batch, rows) in zip(batches, rows(of: batches)) {
        towers.backward(batch, from: contrast.gradients.rows(rows))
      }
    }
  }

  /// What the optimizer of this rank keeps from step to step.
  package var moments: Moments { optimizer.moments }

  /// Sums the gradients over the world.
  ///
  /// - Returns: the norm of the gradient before clipping, the same on all ranks.
  public func reduce() throws -> Double {
    try seconds.measure(\.reduce) { try reduction.sumGradients() }
  }

  /// Takes a step along the gradients.
  ///
  /// - Parameters:
  ///   - step: its number, from 1.
  ///   - norm: what ``reduce()`` returned; finite.
  public func optimize(_ step: Int, learningRate: Float, norm: Double) throws {
    seconds.measure(\.optimize) { optimizer.step(step, towers, learningRate: learningRate, norm: norm) }
    try seconds.measure(\.reduce) { try reduction.gatherValues() }
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
