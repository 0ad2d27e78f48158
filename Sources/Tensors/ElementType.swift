/// How the numbers of a tensor are stored. All arithmetic is done in single precision.
public enum ElementType: Sendable {
  /// IEEE 754 single precision.
  case float32
  /// The upper half of a single: 8 bits of exponent, 8 of precision.
  case bfloat16

  /// Bytes an element takes.
  public var size: Int {
    switch self {
    case .float32: 4
    case .bfloat16: 2
    }
  }
}
