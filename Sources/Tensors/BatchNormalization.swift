import CKernels

// Batch norm (Ioffe and Szegedy 2015): every channel over all pixels of all pictures at hand.

/// Rows that are summed in single precision; sums of so many are then added in double, in order, so that the result does
/// not depend on threads.
private let chunkRows = 256

/// Σ over rows of what `partial` makes of each chunk of them: `count` sums, in double precision.
private func sums(
  of rows: Int, count: Int, _ partial: (_ begin: Int, _ end: Int, _ sums: UnsafeMutablePointer<Float>) -> Void
) -> [Double] {
  let chunks = (rows + chunkRows - 1) / chunkRows
  return Scratch.with(threads: 0, bytes: 0, shared: chunks * count * 4) { scratch in
    let room = scratch.sharedRoom.assumingMemoryBound(to: Float.self)
    Threads.forEachBand(of: chunks) { band in
      for chunk in band {
        partial(chunk * chunkRows, min((chunk + 1) * chunkRows, rows), room + chunk * count)
      }
    }
    var totals = [Double](repeating: 0, count: count)
    for chunk in 0..<chunks {
      for index in 0..<count { totals[index] += Double(room[chunk * count + index]) }
    }
    return totals
  }
}

/// Σ of each column of x, or of its squared distance from a mean, in double precision.
///
/// - Parameter mean: (1, channels), or nil.
public func channelSums(_ x: Tensor, squaredFrom mean: Tensor? = nil) -> [Double] {
  precondition(x.isContiguous && mean.map { $0.count == x.columns } ?? true, "shapes differ")
  return sums(of: x.rows, count: x.columns) { begin, end, sums in
    switch x.elementType {
    case .float32: CKernels_channel_sums_f32(x.floatPointer, mean?.floatPointer, x.columns, begin, end, sums)
    case .bfloat16: CKernels_channel_sums_bf16(x.bfloat16Pointer, mean?.floatPointer, x.columns, begin, end, sums)
    }
  }
}

/// `y = x · gain + shift (+ shortcut)`, and of that nothing below zero where it rectifies.
///
/// - Parameters:
///   - gain: (1, channels); `shift` likewise.
///   - shortcut: shaped as `x`.
public func scaleChannels(
  _ x: Tensor, gain: Tensor, shift: Tensor, adding shortcut: Tensor? = nil, rectifying: Bool, into y: Tensor
) {
  precondition(
    x.count == y.count && x.columns == y.columns && gain.count == x.columns && shift.count == x.columns
      && x.elementType == y.elementType && x.isContiguous && y.isContiguous
      && shortcut.map { $0.count == x.count && $0.elementType == x.elementType && $0.isContiguous } ?? true,
    "shapes differ")
  Threads.forEachBand(of: x.rows) { band in
    switch x.elementType {
    case .float32:
      CKernels_batch_norm_f32(
        x.floatPointer, gain.floatPointer, shift.floatPointer, shortcut?.floatPointer, rectifying ? 1 : 0,
        y.floatPointer, x.columns, band.lowerBound, band.upperBound)
    case .bfloat16:
      CKernels_batch_norm_bf16(
        x.bfloat16Pointer, gain.floatPointer, shift.floatPointer, shortcut?.bfloat16Pointer, rectifying ? 1 : 0,
        y.bfloat16Pointer, x.columns, band.lowerBound, band.upperBound)
    }
  }
}

/// `dx = dy` where y is above zero, else 0; `dx` may be `dy`.
public func rectifierBackward(_ dy: Tensor, y: Tensor, into dx: Tensor) {
  precondition(
    dy.count == y.count && dx.count == y.count && dy.elementType == y.elementType && dx.elementType == y.elementType
      && dy.isContiguous && y.isContiguous && dx.isContiguous, "shapes differ")
  Threads.forEachBand(of: y.count, unit: 32) { band in
    switch y.elementType {
    case .float32:
      CKernels_rectifier_backward_f32(
        dy.floatPointer + band.lowerBound, y.floatPointer + band.lowerBound, dx.floatPointer + band.lowerBound,
        band.count)
    case .bfloat16:
      CKernels_rectifier_backward_bf16(
        dy.bfloat16Pointer + band.lowerBound, y.bfloat16Pointer + band.lowerBound,
        dx.bfloat16Pointer + band.lowerBound, band.count)
    }
  }
}

/// Σ over rows of dy, then of dy · x̂, of each channel: (2 · channels) sums in double precision.
///
/// - Parameters:
///   - mean: (1, channels); `rstd` likewise, 1 / √(variance + ε).
public func batchNormSums(_ dy: Tensor, x: Tensor, mean: Tensor, rstd: Tensor) -> [Double] {
  precondition(
    dy.count == x.count && dy.elementType == x.elementType && dy.isContiguous && x.isContiguous
      && mean.count == x.columns && rstd.count == x.columns, "shapes differ")
  return sums(of: x.rows, count: 2 * x.columns) { begin, end, sums in
    switch x.elementType {
    case .float32:
      CKernels_batch_norm_sums_f32(
        dy.floatPointer, x.floatPointer, mean.floatPointer, rstd.floatPointer, x.columns, begin, end, sums)
    case .bfloat16:
      CKernels_batch_norm_sums_bf16(
        dy.bfloat16Pointer, x.bfloat16Pointer, mean.floatPointer, rstd.floatPointer, x.columns, begin, end, sums)
    }
  }
}

/// `dx = gain · rstd · (dy − Σdy / n − x̂ · Σ(dy x̂) / n)`; `dx` may be `dy`.
///
/// - Parameters:
///   - sums: (1, 2 · channels), Σdy and then Σ(dy x̂) over all n rows the statistics are of.
///   - count: n.
public func batchNormBackward(
  _ dy: Tensor, x: Tensor, mean: Tensor, rstd: Tensor, gain: Tensor, sums: Tensor, count: Int, into dx: Tensor
) {
  precondition(
    dy.count == x.count && dx.count == x.count && sums.count == 2 * x.columns && dy.elementType == x.elementType
      && dx.elementType == x.elementType && dy.isContiguous && x.isContiguous && dx.isContiguous, "shapes differ")
  let share = 1 / Float(count)
  Threads.forEachBand(of: x.rows) { band in
    switch x.elementType {
    case .float32:
      CKernels_batch_norm_backward_f32(
        dy.floatPointer, x.floatPointer, mean.floatPointer, rstd.floatPointer, gain.floatPointer, sums.floatPointer,
        share, dx.floatPointer, x.columns, band.lowerBound, band.upperBound)
    case .bfloat16:
      CKernels_batch_norm_backward_bf16(
        dy.bfloat16Pointer, x.bfloat16Pointer, mean.floatPointer, rstd.floatPointer, gain.floatPointer,
        sums.floatPointer, share, dx.bfloat16Pointer, x.columns, band.lowerBound, band.upperBound)
    }
  }
}

/// `y += x`, of one type.
public func addSame(_ x: Tensor, to y: Tensor) {
  precondition(
    x.count == y.count && x.elementType == y.elementType && x.isContiguous && y.isContiguous, "shapes differ")
  Threads.forEachBand(of: y.count, unit: 32) { band in
    switch y.elementType {
    case .float32:
      CKernels_add_same_f32(x.floatPointer + band.lowerBound, y.floatPointer + band.lowerBound, band.count)
    case .bfloat16:
      CKernels_add_same_bf16(x.bfloat16Pointer + band.lowerBound, y.bfloat16Pointer + band.lowerBound, band.count)
    }
  }
}
