import Tensors

/// `y = x · weight`, without bias: the way into the space both towers share. CLIP stores it untransposed.
struct Projection {
  let weight: Parameter  // (inputs, outputs)

  func forward(_ x: Tensor, into y: Tensor) {
    multiply(x, weight.values, into: y)
  }

  /// Adds to the gradient of the weight, and sets `dx` unless nobody needs it.
  func backward(_ dy: Tensor, x: Tensor, into dx: Tensor?) {
    if let dx { multiply(dy, weight.values.transposed, into: dx) }
    multiplyTransposed(x, dy, into: weight.gradient, accumulating: weight.accumulates, columnSums: nil)
  }
}
