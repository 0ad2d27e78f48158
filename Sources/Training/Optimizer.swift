import Foundation
package import Tensors
package import Towers

/// AdamW over this rank's slices of all parameters, with clipping of the gradient and of the temperature.
package struct Optimizer {
  /// What it keeps from step to step.
  package let moments: Moments
  private let settings: OptimizerSettings
  private let rule: AdamW
  /// The largest multiplier of similarities is 100 (section 2.5 of the paper); open_clip's smallest is 1.
  private static let logitScaleRange: ClosedRange<Float> = 0...log(100)

  /// An optimizer before its first step, with moments that are all zero.
  package init(_ settings: OptimizerSettings, _ moments: Moments) {
    self.settings = settings
    self.moments = moments
    rule = AdamW(beta1: settings.beta1, beta2: settings.beta2, epsilon: settings.epsilon)
  }

  /// Takes a step along the gradients, which are summed over all ranks already, and changes this rank's slices; where the
  /// gradients of units are handed on, what lies between units.
  ///
  /// - Parameters:
  ///   - step: from 1.
  ///   - learningRate: of this step.
  ///   - norm: of the whole gradient, finite.
  package func step(_ step: Int, _ towers: TwoTowers, learningRate: Float, norm: Double) {
    let parameters = towers.parameters
    let clip = Double(settings.gradientClip)
    let scale = clip > 0 && norm > clip ? Float(clip / norm) : 1
    for stretch in parameters.stretches where !stretch.isLocked && !(parameters.passesUnits && stretch.isUnit) {
      take(step, stretch.elements, of: parameters, learningRate: learningRate, scale: scale) {
        parameters.gradients(of: $0)
      }
    }
    let logitScale = towers.logitScale.values
    logitScale.scalar = min(max(logitScale.scalar, Self.logitScaleRange.lowerBound), Self.logitScaleRange.upperBound)
  }

  /// Takes a step along the gradients of a unit (1, count), which are summed over all ranks already, and changes this rank's
  /// slice of it.
  ///
  /// - Precondition: gradients are not clipped, which nobody can who has not seen them all.
  package func step(
    _ step: Int, _ unit: Range<Int>, of parameters: ParameterStore, along gradients: Tensor, learningRate: Float
  ) {
    precondition(settings.gradientClip == 0, "gradients of a unit alone cannot be clipped")
    take(step, unit, of: parameters, learningRate: learningRate, scale: 1) {
      gradients.columns($0.lowerBound - unit.lowerBound..<$0.upperBound - unit.lowerBound)
    }
  }

  private func take(
    _ step: Int, _ stretch: Range<Int>, of parameters: ParameterStore, learningRate: Float, scale: Float,
    along gradients: (Range<Int>) -> Tensor
  ) {
    for run in parameters.runs where run.range.overlaps(stretch) {
      for slice in moments.slices(in: run.range.clamped(to: stretch)) {
        rule.step(
          step, values: parameters.values(of: slice.elements), gradients: gradients(slice.elements),
          first: moments.first.columns(slice.place), second: moments.second.columns(slice.place),
          learningRate: learningRate, weightDecay: run.decays ? settings.weightDecay : 0, gradientScale: scale)
      }
    }
  }
}
