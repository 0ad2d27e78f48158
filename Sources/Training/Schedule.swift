import Foundation

/// The learning rate over time: linear warm-up, then a cosine or a constant.
public struct Schedule: Codable, Sendable, Equatable {
  /// What follows the warm-up.
  public enum Decay: String, Codable, Sendable, CaseIterable {
    /// Half a cosine, down to 0 after the last step.
    case cosine
    /// The same to the end.
    case constant
  }

  /// Steps until the largest learning rate is reached.
  public var warmupSteps: Int
  /// What follows.
  public var decay: Decay

  /// A schedule by its numbers; the defaults are the paper's.
  public init(warmupSteps: Int = 2000, decay: Decay = .cosine) {
    self.warmupSteps = warmupSteps
    self.decay = decay
  }

  /// What multiplies the learning rate in a step.
  ///
  /// Concretely, with W warm-up steps of T: `(t + 1) / W` before W, then `½ (1 + cos(π (t − W) / (T − W)))`.
  ///
  /// - Parameters:
  ///   - step: t, from 0.
  ///   - steps: T.
  public func factor(at step: Int, of steps: Int) -> Float {
    if step < warmupSteps { return Float(step + 1) / Float(warmupSteps) }
    switch decay {
    case .constant: return 1
    case .cosine:
      let progress = Double(step - warmupSteps) / Double(max(steps - warmupSteps, 1))
      return Float((1 + cos(Double.pi * progress)) / 2)
    }
  }
}
