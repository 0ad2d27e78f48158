public import Tensors

/// What matrix products read, and how activations are kept.
///
/// Parameters, gradients, moments, the residual stream, LayerNorm, softmax and the loss are single precision always.
public enum Precision: String, Codable, Sendable, CaseIterable {
  /// bfloat16 operands and activations.
  case bf16
  /// Single precision throughout.
  case fp32

  /// The faster one on this processor.
  public static let preferred: Precision = ProductUnit.best == .widening ? .fp32 : .bf16

  /// How activations are stored.
  public var activations: ElementType {
    switch self {
    case .bf16: .bfloat16
    case .fp32: .float32
    }
  }

  /// What multiplies matrices of this precision here.
  public var unit: ProductUnit { self == .bf16 ? .best : .bestForFloats }
}
