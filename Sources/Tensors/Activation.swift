import CKernels

/// The function between the two products of an MLP.
public enum Activation: Sendable {
  /// `x Φ(x)` with the normal distribution function Φ.
  case gelu
  /// `x σ(1.702 x)` with the logistic function σ: OpenAI's approximation of GELU.
  case quickGELU

  var kernel: CKernels_Activation {
    switch self {
    case .gelu: CKernels_GELU
    case .quickGELU: CKernels_QuickGELU
    }
  }

  /// `y = f(x)`.
  public func forward(_ x: Tensor, into y: Tensor) {
    precondition(x.count == y.count && x.isContiguous && y.isContiguous, "shapes differ")
    Threads.forEachBand(of: x.count, unit: 16) { band in
      switch x.elementType {
      case .float32:
        CKernels_activation_f32(
          x.floatPointer + band.lowerBound, y.floatPointer + band.lowerBound, band.count, kernel)
      case .bfloat16:
        CKernels_activation_bf16(
          x.bfloat16Pointer + band.lowerBound, y.bfloat16Pointer + band.lowerBound, band.count, kernel)
      }
    }
  }

  /// `dx = dy f'(x)`; `dx` may be `dy`.
  public func backward(_ dy: Tensor, x: Tensor, into dx: Tensor) {
    precondition(x.count == dy.count && x.count == dx.count, "shapes differ")
    Threads.forEachBand(of: x.count, unit: 16) { band in
      let first = band.lowerBound
      switch x.elementType {
      case .float32:
        CKernels_activation_backward_f32(
          dy.floatPointer + first, x.floatPointer + first, dx.floatPointer + first, band.count, kernel)
      case .bfloat16:
        CKernels_activation_backward_bf16(
          dy.bfloat16Pointer + first, x.bfloat16Pointer + first, dx.bfloat16Pointer + first, band.count, kernel)
      }
    }
  }
}
