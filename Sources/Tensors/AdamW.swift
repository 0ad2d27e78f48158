import CKernels

/// One step of AdamW (Loshchilov and Hutter 2019) on a run of parameters that decay alike.
///
/// Concretely, with the step number t from 1:
/// `m = β₁ m + (1 − β₁) g`, `v = β₂ v + (1 − β₂) g²`,
/// `p = (1 − η λ) p − η (m / (1 − β₁ᵗ)) / (√(v / (1 − β₂ᵗ)) + ε)`.
public struct AdamW: Sendable {
  /// β₁.
  public var beta1: Float
  /// β₂.
  public var beta2: Float
  /// ε.
  public var epsilon: Float

  /// AdamW with these constants.
  public init(beta1: Float, beta2: Float, epsilon: Float) {
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
  }

  /// Updates `values`, `first` and `second` moments in place; all are of one shape.
  ///
  /// - Parameters:
  ///   - step: t, 1 for the first.
  ///   - weightDecay: λ, 0 for parameters that do not decay.
  ///   - gradientScale: multiplies the gradient first, for clipping.
  public func step(
    _ step: Int, values: Tensor, gradients: Tensor, first: Tensor, second: Tensor, learningRate: Float,
    weightDecay: Float, gradientScale: Float
  ) {
    precondition(values.count == gradients.count && first.count == second.count && values.count == first.count)
    let settings = CKernels_AdamW(
      learning_rate: learningRate, beta1: beta1, beta2: beta2, epsilon: epsilon, weight_decay: weightDecay,
      correction1: Float(1 / (1 - power(beta1, step))), correction2: Float((1 / (1 - power(beta2, step))).squareRoot()),
      gradient_scale: gradientScale)
    Threads.forEachBand(of: values.count, unit: 16) { band in
      let at = band.lowerBound
      CKernels_adamw(
        settings, values.floatPointer + at, gradients.floatPointer + at, first.floatPointer + at,
        second.floatPointer + at, band.count)
    }
  }

  /// base^exponent in double precision; single would be off by a percent after some ten thousand steps.
  private func power(_ base: Float, _ exponent: Int) -> Double {
    var result = 1.0, square = Double(base), bits = exponent
    while bits > 0 {
      if bits & 1 == 1 { result *= square }
      square *= square
      bits >>= 1
    }
    return result
  }
}
