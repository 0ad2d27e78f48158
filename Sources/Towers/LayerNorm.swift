import Tensors

/// `y = (x − mean) / √(variance + ε) · weight + bias`, for every row alone.
struct LayerNorm {
  let weight: Parameter  // (width)
  let bias: Parameter  // (width)

  init(_ name: String, width: Int, in store: ParameterStore) {
    weight = store.declare("\(name).weight", [width], .constant(1))
    bias = store.declare("\(name).bias", [width], .constant(0))
  }

  /// - Parameter statistics: (rows, 2), receives what the backward twin needs.
  func forward(_ x: Tensor, into y: Tensor, statistics: Tensor?) {
    layerNorm(x, weight: weight.values, bias: bias.values, into: y, statistics: statistics)
  }

  /// Adds to `dx` and to the gradients of weight and bias.
  func backward(_ dy: Tensor, x: Tensor, statistics: Tensor, addingTo dx: Tensor, copying copy: Tensor? = nil) {
    layerNormBackward(
      dy, x: x, statistics: statistics, weight: weight.values, addingTo: dx, copying: copy,
      weightGradient: weight.gradient, biasGradient: bias.gradient)
  }

  /// Adds to the gradient of the residual stream and to those of weight and bias.
  func backward(_ dy: Tensor, x: Tensor, statistics: Tensor, addingTo dx: StreamGradient) {
    backward(dy, x: x, statistics: statistics, addingTo: dx.values, copying: dx.copy)
  }
}
