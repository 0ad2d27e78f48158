/// AdamW's numbers; the defaults are the paper's for Vision Transformers (section 2.5, table 18).
public struct OptimizerSettings: Codable, Sendable, Equatable {
  /// The largest learning rate, reached after warm-up.
  public var learningRate: Float = 5e-4
  /// β₁.
  public var beta1: Float = 0.9
  /// β₂.
  public var beta2: Float = 0.98
  /// ε.
  public var epsilon: Float = 1e-6
  /// λ, of matrices; gains, biases and the logit scale do not decay.
  public var weightDecay: Float = 0.2
  /// The largest norm of the whole gradient; longer ones are shortened to it. 0: as it is.
  public var gradientClip: Float = 0
}
