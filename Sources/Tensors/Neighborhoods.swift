import CKernels

// What a convolution of 3 × 3 pixels is made of around its matrix product.

/// 8-bit RGB pictures as normalised pixels: `y = (byte / 255 − mean) / deviation` of each channel.
///
/// - Parameters:
///   - pixels: whole pictures, one behind the other, rows of interleaved RGB bytes.
///   - y: (pixels, 3).
public func normalizedPixels(
  of pixels: UnsafeBufferPointer<UInt8>, mean: SIMD3<Float>, deviation: SIMD3<Float>, into y: Tensor
) {
  precondition(pixels.count == y.count && y.columns == 3 && y.isContiguous, "shapes differ")
  let factor = (0..<3).map { 1 / (255 * deviation[$0]) }
  let offset = (0..<3).map { -mean[$0] / deviation[$0] }
  Threads.forEachBand(of: y.rows) { band in
    switch y.elementType {
    case .float32:
      CKernels_pixels_f32(pixels.baseAddress, factor, offset, y.floatPointer, band.lowerBound, band.upperBound)
    case .bfloat16:
      CKernels_pixels_bf16(pixels.baseAddress, factor, offset, y.bfloat16Pointer, band.lowerBound, band.upperBound)
    }
  }
}

/// The 3 × 3 pixels around each pixel, or around each second one: what a convolution multiplies its weight with.
///
/// - Parameters:
///   - x: (pixels, channels).
///   - grid: the pictures in `x`.
///   - y: (pixels of `grid.strided(stride)`, 9 · channels): the pixels from the top left, zeros beyond the picture.
public func neighborhoods(of x: Tensor, _ grid: PictureGrid, stride: Int = 1, into y: Tensor) {
  precondition(
    x.rows == grid.rows && y.rows == grid.strided(stride).rows && y.columns == 9 * x.columns
      && x.elementType == y.elementType && x.isContiguous && y.isContiguous, "shapes differ")
  Threads.forEachBand(of: y.rows) { band in
    CKernels_neighborhoods(
      x.address, grid.height, grid.width, x.columns * x.elementType.size, stride, y.address, band.lowerBound,
      band.upperBound)
  }
}

/// The backward twin of ``neighborhoods(of:_:stride:into:)``: sets `dx` (pixels, channels) from `dy` (pixels of
/// `grid.strided(stride)`, 9 · channels), both single precision.
public func neighborhoodsBackward(_ dy: Tensor, _ grid: PictureGrid, stride: Int, into dx: Tensor) {
  let made = grid.strided(stride), channels = dx.columns
  precondition(
    dx.rows == grid.rows && dy.rows == made.rows && dy.columns == 9 * channels && dx.isContiguous && dy.isContiguous,
    "shapes differ")
  let source = dy.floatPointer, target = dx.floatPointer
  Threads.forEachBand(of: grid.rows) { band in
    for pixel in band {
      let picture = pixel / grid.pixels, row = pixel / grid.width % grid.height, column = pixel % grid.width
      let sum = target + pixel * channels
      sum.update(repeating: 0, count: channels)
      for tap in 0..<9 {
        // The middle of the neighbourhood in which this pixel is that tap, if there is one.
        let (i, j) = (row + 1 - tap / 3, column + 1 - tap % 3)
        guard i >= 0, j >= 0, i % stride == 0, j % stride == 0, i < grid.height, j < grid.width else { continue }
        let middle = (picture * made.height + i / stride) * made.width + j / stride
        let part = source + (9 * middle + tap) * channels
        for channel in 0..<channels { sum[channel] += part[channel] }
      }
    }
  }
}

/// A convolution's weight, (outputs, 9 · inputs) with a pixel's taps side by side, as (outputs, 9 · inputs) with a tap's
/// inputs side by side: as ``neighborhoods(of:_:stride:into:)`` has them.
public func tapsFirst(_ weight: Tensor, into y: Tensor) {
  precondition(weight.rows == y.rows && weight.columns == y.columns, "shapes differ")
  Threads.forEachBand(of: y.rows) { band in
    CKernels_taps_first(weight.floatPointer, y.columns / 9, y.floatPointer, band.lowerBound, band.upperBound)
  }
}

/// The same weight for the way back through a convolution of stride 1, which is a convolution with the taps turned around:
/// (inputs, 9 · outputs).
public func tapsTurned(_ weight: Tensor, into y: Tensor) {
  precondition(weight.count == y.count && y.columns == 9 * weight.rows, "shapes differ")
  Threads.forEachBand(of: y.rows) { band in
    CKernels_taps_turned(
      weight.floatPointer, weight.rows, y.rows, y.floatPointer, band.lowerBound, band.upperBound)
  }
}

/// The backward twin of ``tapsFirst(_:into:)``: sets a weight's gradient, or adds to it.
public func tapsFirstBackward(_ dy: Tensor, into gradient: Tensor, accumulating: Bool) {
  precondition(gradient.rows == dy.rows && gradient.columns == dy.columns, "shapes differ")
  Threads.forEachBand(of: dy.rows) { band in
    CKernels_add_taps_last(
      dy.floatPointer, dy.columns / 9, gradient.floatPointer, accumulating ? 1 : 0, band.lowerBound, band.upperBound)
  }
}
