/// A tensor is not as a layout of weights has it.
public struct WeightsError: Error, CustomStringConvertible, Sendable, Equatable {
  /// The tensor's name.
  public let tensor: String
  /// What was found and what was expected.
  public let reason: String

  init(_ tensor: String, _ reason: String) {
    self.tensor = tensor
    self.reason = reason
  }

  /// One line: the tensor, then the reason.
  public var description: String { "tensor \(tensor) \(reason)" }
}
