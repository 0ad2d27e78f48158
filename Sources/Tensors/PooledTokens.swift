import CKernels

/// The tokens of an attention pool: for each picture the mean of its pixels, then the pixels, all with their positions.
///
/// - Parameters:
///   - x: (pictures · pixels, channels).
///   - positions: (pixels + 1, channels).
///   - tokens: (pictures · (pixels + 1), channels), of the type of `x`.
///   - means: (pictures, channels): receives the first token of each picture.
public func poolTokens(_ x: Tensor, positions: Tensor, into tokens: Tensor, means: Tensor) {
  let pixels = positions.rows - 1
  precondition(
    x.rows == means.rows * pixels && tokens.rows == means.rows * (pixels + 1) && x.columns == positions.columns
      && x.elementType == tokens.elementType && x.elementType == means.elementType && x.isContiguous
      && tokens.isContiguous && means.isContiguous, "shapes differ")
  Threads.forEachBand(of: means.rows) { band in
    switch x.elementType {
    case .float32:
      CKernels_pool_tokens_f32(
        x.floatPointer, pixels, positions.floatPointer, tokens.floatPointer, means.floatPointer, x.columns,
        band.lowerBound, band.upperBound)
    case .bfloat16:
      CKernels_pool_tokens_bf16(
        x.bfloat16Pointer, pixels, positions.floatPointer, tokens.bfloat16Pointer, means.bfloat16Pointer, x.columns,
        band.lowerBound, band.upperBound)
    }
  }
}

/// The backward twin of ``poolTokens(_:positions:into:means:)``: sets `dx` and adds to the gradient of the positions.
///
/// - Parameters:
///   - dTokens: (pictures · (pixels + 1), channels), single precision; it is changed.
///   - dMeans: (pictures, channels), single precision.
public func poolTokensBackward(_ dTokens: Tensor, means dMeans: Tensor, positionsGradient: Tensor, into dx: Tensor) {
  let pixels = positionsGradient.rows - 1, channels = positionsGradient.columns
  precondition(
    dTokens.rows == dMeans.rows * (pixels + 1) && dx.rows == dMeans.rows * pixels && dx.columns == channels
      && dTokens.isContiguous && dx.isContiguous, "shapes differ")
  let pictures = dTokens.reshaped(columns: (pixels + 1) * channels)
  for row in 0..<pictures.rows {
    add(dMeans.rows(row..<row + 1), to: pictures.rows(row..<row + 1).columns(0..<channels))
  }
  addColumnSums(of: pictures, to: positionsGradient.reshaped(columns: pictures.columns))
  Threads.forEachBand(of: dMeans.rows) { band in
    switch dx.elementType {
    case .float32:
      CKernels_pool_tokens_backward_f32(
        dTokens.floatPointer, pixels, dx.floatPointer, channels, band.lowerBound, band.upperBound)
    case .bfloat16:
      CKernels_pool_tokens_backward_bf16(
        dTokens.floatPointer, pixels, dx.bfloat16Pointer, channels, band.lowerBound, band.upperBound)
    }
  }
}
