import Tensors

/// `y = x · weight`, without bias: the way into the space both towers share. CLIP stores it untransposed.
struct Projection {
  let weight: Parameter  // (inputs, outputs)

  func forward(_ x: Tensor, into y: Tensor) {
    multiply(x, weight.operand, into: y)
  }

  func backward(_ dy: Tensor, x: Tensor, into dx: Tensor) {
    multiply(dy, weight.operand.transposed, into: dx)
    multiply(x.transposed, dy, into: weight.gradient, accumulating: true)
  }
}
