import Tensors

/// `y = x · weightᵀ + bias`; the rows of `x` are tokens.
struct Linear {
  let weight: Parameter  // (outputs, inputs)
  let bias: Parameter?  // (outputs)

  var outputs: Int { weight.shape[0] }

  /// - Parameter residual: (tokens, outputs), added to the result; single precision.
  func forward(_ x: Tensor, into y: Tensor, adding residual: Tensor? = nil) {
    multiply(x, weight.values.transposed, into: y, bias: bias?.values, adding: residual)
  }

  /// Adds to the gradients of weight and bias, and sets `dx` unless nobody needs it.
  func backward(_ dy: Tensor, x: Tensor, into dx: Tensor?) {
    if let dx { multiply(dy, weight.values, into: dx) }
    multiplyTransposed(dy, x, into: weight.gradient, accumulating: true, columnSums: bias?.gradient)
  }

  /// The layer that computes only some of the outputs.
  func slice(_ outputs: Range<Int>) -> Linear {
    Linear(weight: weight.slice(outputs), bias: bias?.slice(outputs))
  }
}
