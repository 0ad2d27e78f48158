import CKernels

/// The mean of each `size` × `size` pixels.
///
/// - Parameters:
///   - x: (pixels, channels).
///   - grid: the pictures in `x`.
///   - y: (pixels of `grid.pooled(size)`, channels).
public func averagePool(_ x: Tensor, _ grid: PictureGrid, size: Int, into y: Tensor) {
  precondition(
    x.rows == grid.rows && y.rows == grid.pooled(size).rows && x.columns == y.columns
      && x.elementType == y.elementType && x.isContiguous && y.isContiguous, "shapes differ")
  Threads.forEachBand(of: y.rows) { band in
    switch x.elementType {
    case .float32:
      CKernels_average_pool_f32(
        x.floatPointer, grid.height, grid.width, x.columns, size, y.floatPointer, band.lowerBound, band.upperBound)
    case .bfloat16:
      CKernels_average_pool_bf16(
        x.bfloat16Pointer, grid.height, grid.width, x.columns, size, y.bfloat16Pointer, band.lowerBound,
        band.upperBound)
    }
  }
}

/// The backward twin of ``averagePool(_:_:size:into:)``: sets `dx`, shaped as `x`.
public func averagePoolBackward(_ dy: Tensor, _ grid: PictureGrid, size: Int, into dx: Tensor) {
  precondition(
    dx.rows == grid.rows && dy.rows == grid.pooled(size).rows && dx.columns == dy.columns
      && dx.elementType == dy.elementType && dx.isContiguous && dy.isContiguous, "shapes differ")
  Threads.forEachBand(of: dx.rows) { band in
    switch dx.elementType {
    case .float32:
      CKernels_average_pool_backward_f32(
        dy.floatPointer, grid.height, grid.width, dx.columns, size, dx.floatPointer, band.lowerBound, band.upperBound)
    case .bfloat16:
      CKernels_average_pool_backward_bf16(
        dy.bfloat16Pointer, grid.height, grid.width, dx.columns, size, dx.bfloat16Pointer, band.lowerBound,
        band.upperBound)
    }
  }
}
