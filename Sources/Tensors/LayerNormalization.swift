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

/// `dx += ` the gradient with respect to x, and the gradients of weight and bias `+=` theirs: one pass over memory.
///
/// - Parameters:
///   - dy: (rows, columns), either type.
///   - x: the input of the forward twin, with the `statistics` it kept.
///   - copy: receives `dx` rounded to bfloat16, or nil.
public func layerNormBackward(
  _ dy: Tensor, x: Tensor, statistics: Tensor, weight: Tensor, addingTo dx: Tensor, copying copy: Tensor? = nil,
  weightGradient: Tensor, biasGradient: Tensor
) {
  precondition(dy.rows == x.rows && dy.columns == x.columns && dx.count == x.count, "shapes differ")
  precondition(
    x.isContiguous && dy.isContiguous && dx.isContiguous && copy?.count ?? x.count == x.count, "shapes differ")
  // Every few rows have sums of their own, added up in order: so the result does not depend on the threads.
  let columns = x.columns, chunks = (x.rows + rowsOfAChunk - 1) / rowsOfAChunk
  Scratch.with(threads: 0, bytes: 0, shared: chunks * 2 * columns * 4) { scratch in
    let partial = scratch.sharedRoom.assumingMemoryBound(to: Float.self)
    nonisolated(unsafe) let sums = partial
    Threads.forEachBand(of: chunks) { band in
      for chunk in band {
        let first = chunk * rowsOfAChunk, end = min(first + rowsOfAChunk, x.rows)
        let dWeight = sums + chunk * 2 * columns
        dWeight.update(repeating: 0, count: 2 * columns)
        switch dy.elementType {
        case .float32:
          CKernels_layer_norm_backward_f32(
            dy.floatPointer, x.floatPointer, statistics.floatPointer, weight.floatPointer, dx.floatPointer,
            copy?.bfloat16Pointer, dWeight, dWeight + columns, first, end, columns)
        case .bfloat16:
          CKernels_layer_norm_backward_bf16(
            dy.bfloat16Pointer, x.floatPointer, statistics.floatPointer, weight.floatPointer, dx.floatPointer,
            copy?.bfloat16Pointer, dWeight, dWeight + columns, first, end, columns)
        }
      }
    }
    Threads.forEachBand(of: columns, unit: 16) { band in
      for (part, gradient) in [weightGradient, biasGradient].enumerated() {
        CKernels_column_sums_f32(
          sums + part * columns, 2 * columns, chunks, band.lowerBound, band.upperBound, gradient.floatPointer)
      }
    }
  }
}

/// Small enough to share the rows among threads evenly, large enough that the sums of a chunk cost nothing.
private let rowsOfAChunk = 64
