/// How gradients travel between the ranks, and in which order they are added.
public struct ReductionSettings: Codable, Sendable, Equatable {
  /// What a gradient is on its way. Sums are taken in single precision either way.
  public enum Wire: String, Codable, Sendable, CaseIterable {
    /// bfloat16, half the bytes: each rank's part is rounded before it is sent, and so is the sum.
    case bf16
    /// Single precision: nothing is lost.
    case fp32
  }

  /// In which order numbers are added, which decides the last bits of their sums.
  public enum Order: String, Codable, Sendable, CaseIterable {
    /// In one binary tree over all micro-batches of the world: weights do not depend on the number of ranks, see
    /// ``CanonicalOrder``.
    case canonical
    /// Each rank adds up its own, then the ranks' parts are added one after the other: the fastest.
    case ranks
  }

  /// What a gradient is on its way.
  public var wire = Wire.fp32
  /// In which order gradients are added, and what the loss is made of.
  public var order = Order.ranks
}
