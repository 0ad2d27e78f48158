/// How well a model does on a reference set and on one that differs from it, both with the same classes.
public struct ShiftedAccuracy: Codable, Equatable, Sendable {
  /// What the model is called.
  public let model: String
  /// What the other set is called.
  public let shift: String
  /// The accuracy on the reference set, between 0 and 1.
  public let reference: Double
  /// The accuracy on the other set, between 0 and 1.
  public let shifted: Double

  /// What was measured.
  public init(model: String, shift: String, reference: Double, shifted: Double) {
    self.model = model
    self.shift = shift
    self.reference = reference
    self.shifted = shifted
  }
}
