import Foundation
import Tensors
import Towers

/// AdamW over all parameters, with clipping of the gradient and of the temperature.
struct Optimizer {
  private let settings: OptimizerSettings
  private let rule: AdamW
  /// The largest multiplier of similarities is 100 (section 2.5 of the paper); open_clip's smallest is 1.
  private static let logitScaleRange: ClosedRange<Float> = 0...log(100)

  init(_ settings: OptimizerSettings) {
    self.settings = settings
    rule = AdamW(beta1: settings.beta1, beta2: settings.beta2, epsilon: settings.epsilon)
  }

  /// Takes a step along the gradients, which are summed over all ranks already.
  ///
  /// - Parameters:
  ///   - step: from 1.
  ///   - learningRate: of this step.
  /// - Returns: the norm of the gradient before clipping; where it is not finite, nothing was changed.
  func step(_ step: Int, _ towers: TwoTowers, learningRate: Float) -> Double {
    let parameters = towers.parameters
    let norm = sumOfSquares(parameters.gradients).squareRoot()
    guard norm.isFinite, let moments = parameters.momentBlocks else { return norm }
    let clip = Double(settings.gradientClip)
    let scale = clip > 0 && norm > clip ? Float(clip / norm) : 1
    for run in parameters.runs {
      rule.step(
        step, values: parameters.values.columns(run.range), gradients: parameters.gradients.columns(run.range),
        first: moments.first.columns(run.range), second: moments.second.columns(run.range),
        learningRate: learningRate, weightDecay: run.decays ? settings.weightDecay : 0, gradientScale: scale)
    }
    let logitScale = towers.logitScale.values
    logitScale.scalar = min(max(logitScale.scalar, Self.logitScaleRange.lowerBound), Self.logitScaleRange.upperBound)
    return norm
  }
}
