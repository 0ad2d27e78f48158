package import Tensors
package import Towers

/// Takes the optimizer's step of each unit on the way back, as soon as the unit's gradients are made: they are never all
/// there at once.
///
/// The numbers are those of a step along the whole gradient. Only that one is infinite or no number is known too late: units
/// before the one where it shows have changed then. That one and all after it stay as they were, as far as this rank knows.
package final class UnitUpdates: GradientReceiver {
  private let parameters: ParameterStore
  private let reduction: Reduction
  private let optimizer: Optimizer
  private let step: Int
  private let learningRate: Float
  /// What of the way back was no way back: summing and updating.
  private(set) var seconds = PhaseTimes()

  /// The updates of one step.
  package init(
    of parameters: ParameterStore, _ reduction: Reduction, _ optimizer: Optimizer, step: Int, learningRate: Float
  ) {
    self.parameters = parameters
    self.reduction = reduction
    self.optimizer = optimizer
    self.step = step
    self.learningRate = learningRate
  }

  package func receive(_ gradients: Tensor, of unit: Range<Int>) throws {
    try seconds.measure(\.reduce) { try reduction.sum(gradients, of: unit) }
    // Ranks go on together to the end, where all of them learn the norm.
    guard reduction.isFinite else { return }
    seconds.measure(\.optimize) {
      optimizer.step(step, unit, of: parameters, along: gradients, learningRate: learningRate)
    }
  }
}
