/// How gradients travel between the ranks.
public struct ReductionSettings: Codable, Sendable, Equatable {
  /// What a gradient is on its way. Sums are taken in single precision either way.
  public enum Wire: String, Codable, Sendable, CaseIterable {
    /// bfloat16, half the bytes: each rank's part is rounded before it is sent, and so is the sum.
    case bf16
    /// Single precision: nothing is lost.
    case fp32
  }

  /// What a gradient is on its way.
  public var wire = Wire.fp32
}

extension KeyedDecodingContainer {
  // What is synthesized for a recipe decodes this key here: those of runs that were started before it existed lack it.
  func decode(_: ReductionSettings.Type, forKey key: Key) throws -> ReductionSettings {
    try decodeIfPresent(ReductionSettings.self, forKey: key) ?? ReductionSettings()
  }
}
