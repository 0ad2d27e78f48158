import CKernels

// Layer normalisation of rows (Ba et al. 2016): y = (x − mean) · rstd · weight + bias, rstd = 1 / √(variance + ε).

/// ε of every LayerNorm of CLIP.
private let epsilon: Float = 1e-5

/// `y = (x − mean) · rstd · weight + bias` for every row.
///
/// - Parameters:
///   - x: (rows, columns), single precision.
///   - y: (rows, columns), either type.
///   - statistics: (rows, 2): receives mean and rstd for the backward twins.
public func layerNorm(_ x: Tensor, weight: Tensor, bias: Tensor, into y: Tensor, statistics: Tensor?) {
  precondition(x.rows == y.rows && x.columns == y.columns && weight.count == x.columns, "shapes differ")
  precondition(x.isContiguous && y.isContiguous, "a view with gaps")
  Threads.forEachBand(of: x.rows) { band in
    switch y.elementType {
    case .float32:
      CKernels_layer_norm_f32(
        x.floatPointer, weight.floatPointer, bias.floatPointer, y.floatPointer, statistics?.floatPointer,
        band.lowerBound, band.upperBound, x.columns, epsilon)
    case .bfloat16:
      CKernels_layer_norm_bf16(
        x.floatPointer, weight.floatPointer, bias.floatPointer, y.bfloat16Pointer, statistics?.floatPointer,
        band.lowerBound, band.upperBound, x.columns, epsilon)
    }
  }
}

/// `dx += ` the gradient with respect to x, and the gradients of weight and bias `+=` theirs.
///
/// - Parameters:
///   - dy: (rows, columns), either type.
///   - x: the input of the forward twin, with the `statistics` it kept.
public func layerNormBackward(
  _ dy: Tensor, x: Tensor, statistics: Tensor, weight: Tensor, addingTo dx: Tensor, weightGradient: Tensor,
  biasGradient: Tensor
) {
  precondition(dy.rows == x.rows && dy.columns == x.columns && dx.count == x.count, "shapes differ")
  precondition(x.isContiguous && dy.isContiguous && dx.isContiguous, "a view with gaps")
  Threads.forEachBand(of: x.columns, unit: 16) { band in
    switch dy.elementType {
    case .float32:
      CKernels_layer_norm_parameters_f32(
        dy.floatPointer, x.floatPointer, statistics.floatPointer, weightGradient.floatPointer,
        biasGradient.floatPointer, x.rows, x.columns, band.lowerBound, band.upperBound)
    case .bfloat16:
      CKernels_layer_norm_parameters_bf16(
        dy.bfloat16Pointer, x.floatPointer, statistics.floatPointer, weightGradient.floatPointer,
        biasGradient.floatPointer, x.rows, x.columns, band.lowerBound, band.upperBound)
    }
  }
  Threads.forEachBand(of: x.rows) { band in
    switch dy.elementType {
    case .float32:
      CKernels_layer_norm_backward_f32(
        dy.floatPointer, x.floatPointer, statistics.floatPointer, weight.floatPointer, dx.floatPointer,
        band.lowerBound, band.upperBound, x.columns)
    case .bfloat16:
      CKernels_layer_norm_backward_bf16(
        dy.bfloat16Pointer, x.floatPointer, statistics.floatPointer, weight.floatPointer, dx.floatPointer,
        band.lowerBound, band.upperBound, x.columns)
    }
  }
}
