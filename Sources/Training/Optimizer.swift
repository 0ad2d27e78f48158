import Foundation
import Tensors
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

  /// Takes a step along the gradients, which are summed over all ranks already, and changes this rank's slices.
  ///
  /// - Parameters:
  ///   - step: from 1.
  ///   - learningRate: of this step.
  ///   - norm: of the whole gradient, finite.
  package func step(_ step: Int, _ towers: TwoTowers, learningRate: Float, norm: Double) {
    let parameters = towers.parameters
    let clip = Double(settings.gradientClip)
    let scale = clip > 0 && norm > clip ? Float(clip / norm) : 1
    for run in parameters.runs {
      for slice in moments.slices(in: run.range) {
        rule.step(
          step, values: parameters.values(of: slice.elements),
          gradients: parameters.gradients(of: slice.elements), first: moments.first.columns(slice.place),
          second: moments.second.columns(slice.place), learningRate: learningRate,
          weightDecay: run.decays ? settings.weightDecay : 0, gradientScale: scale)
      }
    }
    let logitScale = towers.logitScale.values
    logitScale.scalar = min(max(logitScale.scalar, Self.logitScaleRange.lowerBound), Self.logitScaleRange.upperBound)
  }
}
