import Tensors

/// `y = x · weightᵀ + bias`; the rows of `x` are tokens.
struct Linear {
  let weight: Parameter  // (outputs, inputs)
  let bias: Parameter?  // (outputs)

  var outputs: Int { weight.shape[0] }

  /// - Parameter residual: (tokens, outputs), added to the result; single precision.
  /// - Parameter ending: what else happens to each number of the result.
  func forward(_ x: Tensor, into y: Tensor, adding residual: Tensor? = nil, ending: ProductEnding = .plain) {
    multiply(x, weight.values.transposed, into: y, bias: bias?.values, adding: residual, ending: ending)
  }

  /// Adds to the gradients of weight and bias, and sets `dx` unless nobody needs it.
  ///
  /// - Parameter ending: what else happens to each number of `dx`.
  func backward(_ dy: Tensor, x: Tensor, into dx: Tensor?, ending: ProductEnding = .plain) {
    if let dx { multiply(dy, weight.values, into: dx, ending: ending) }
    multiplyTransposed(dy, x, into: weight.gradient, accumulating: weight.accumulates, columnSums: bias?.gradient)
  }

  /// The layer that computes only some of the outputs.
  func slice(_ outputs: Range<Int>) -> Linear {
    Linear(weight: weight.slice(outputs), bias: bias?.slice(outputs))
  }
}
