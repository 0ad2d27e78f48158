/// Neighbouring numbers of a tensor, in row-major order.
public struct TensorPart: Sendable, Hashable {
  /// The tensor's name.
  public let name: String
  /// Which of its numbers.
  public let elements: Range<Int>

  /// - Parameters:
  ///   - name: the tensor's name.
  ///   - elements: which of its numbers.
  public init(_ name: String, _ elements: Range<Int>) {
    self.name = name
    self.elements = elements
  }
}
