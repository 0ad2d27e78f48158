import CKernels

// Operations on whole rows and columns of single-precision tensors, and conversions between the element types.

/// Sets the rows of `y` to a bias (1, columns), an addend (rows, columns), their sum, or zero.
func fillRows(_ y: Tensor, bias: Tensor?, adding addend: Tensor?) {
  CKernels_fill_rows(
    y.floatPointer, y.stride, bias?.floatPointer, addend?.floatPointer, addend?.stride ?? 0, 0, y.rows, y.columns)
}

/// `y[r] = bias + x[r]`: `bias` (1, columns), `x` and `y` (rows, columns).
public func add(bias: Tensor, to x: Tensor, into y: Tensor) {
  precondition(x.rows == y.rows && x.columns == y.columns && bias.count == x.columns, "shapes differ")
  Threads.forEachBand(of: y.rows) { band in fillRows(y.rows(band), bias: bias, adding: x.rows(band)) }
}

/// Sets every row of `y` to `row` (1, columns).
public func repeatRow(_ row: Tensor, into y: Tensor) {
  precondition(row.count == y.columns, "shapes differ")
  Threads.forEachBand(of: y.rows) { band in fillRows(y.rows(band), bias: row, adding: nil) }
}

/// Sets every number of `x` to zero.
public func zero(_ x: Tensor) {
  Threads.forEachBand(of: x.rows) { band in fillRows(x.rows(band), bias: nil, adding: nil) }
}

/// `y = x`.
public func copy(_ x: Tensor, into y: Tensor) {
  precondition(x.rows == y.rows && x.columns == y.columns, "shapes differ")
  guard x.rows == 1 else {
    return Threads.forEachBand(of: x.rows) { band in fillRows(y.rows(band), bias: nil, adding: x.rows(band)) }
  }
  Threads.forEachBand(of: x.columns, unit: 1 << 14) { band in
    fillRows(y.columns(band), bias: nil, adding: x.columns(band))
  }
}

/// `y = x`, of one type, without gaps.
public func copySame(_ x: Tensor, into y: Tensor) {
  precondition(
    x.count == y.count && x.elementType == y.elementType && x.isContiguous && y.isContiguous, "shapes differ")
  Threads.forEachBand(of: x.rows) { band in
    let row = x.columns * x.elementType.size
    (y.address + band.lowerBound * row).copyMemory(
      from: x.address + band.lowerBound * row, byteCount: band.count * row)
  }
}

/// `y += x`.
public func add(_ x: Tensor, to y: Tensor) {
  precondition(x.rows == y.rows && x.columns == y.columns && x.isContiguous && y.isContiguous, "shapes differ")
  Threads.forEachBand(of: x.count, unit: 16) { band in
    CKernels_add(x.floatPointer + band.lowerBound, y.floatPointer + band.lowerBound, band.count)
  }
}

/// `y` = the sum of `terms`, all of one shape and type, added in their order in single precision; `y` may be one of them.
///
/// The sum of bfloat16 terms is rounded to what bfloat16 can hold.
public func sum(_ terms: [Tensor], into y: Tensor) {
  precondition(
    y.isContiguous
      && terms.allSatisfy { $0.count == y.count && $0.isContiguous && $0.elementType == terms[0].elementType },
    "shapes differ")
  guard let type = terms.first?.elementType else { return zero(y) }
  switch type {
  case .float32:
    let pointers: [UnsafePointer<Float>?] = terms.map { UnsafePointer($0.floatPointer) }
    Threads.forEachBand(of: y.count, unit: 16) { band in
      CKernels_sum_f32(pointers, pointers.count, y.floatPointer, band.lowerBound, band.upperBound)
    }
  case .bfloat16:
    let pointers: [UnsafePointer<UInt16>?] = terms.map { UnsafePointer($0.bfloat16Pointer) }
    Threads.forEachBand(of: y.count, unit: 16) { band in
      CKernels_sum_bf16(pointers, pointers.count, y.floatPointer, band.lowerBound, band.upperBound)
    }
  }
}

/// `y[i] = x[index[i]]`: `x` (any, columns), `y` (index.count, columns).
public func gatherRows(of x: Tensor, _ index: [Int32], into y: Tensor) {
  precondition(y.rows == index.count && x.columns == y.columns && x.isContiguous && y.isContiguous, "shapes differ")
  precondition(index.allSatisfy { $0 >= 0 && $0 < x.rows }, "a row that is not there")
  Threads.forEachBand(of: y.rows) { band in
    CKernels_gather_rows(x.floatPointer, index, y.floatPointer, band.lowerBound, band.upperBound, y.columns)
  }
}

/// `y[index[i]] += x[i]`: the backward twin of ``gatherRows(of:_:into:)``.
public func scatterAddRows(of x: Tensor, _ index: [Int32], to y: Tensor) {
  precondition(x.rows == index.count && x.columns == y.columns && x.isContiguous && y.isContiguous, "shapes differ")
  precondition(index.allSatisfy { $0 >= 0 && $0 < y.rows }, "a row that is not there")
  // By columns: rows may repeat in the index, columns are never shared.
  Threads.forEachBand(of: x.columns, unit: 16) { band in
    CKernels_scatter_add_rows(
      x.floatPointer, index, x.rows, y.floatPointer, x.columns, band.lowerBound, band.upperBound)
  }
}

/// `sums[c] += Σ over rows of x[·, c]`: the gradient of a bias. `sums` is (1, columns).
public func addColumnSums(of x: Tensor, to sums: Tensor) {
  precondition(sums.count == x.columns, "shapes differ")
  Threads.forEachBand(of: x.columns, unit: 16) { band in
    switch x.elementType {
    case .float32:
      CKernels_column_sums_f32(
        x.floatPointer, x.stride, x.rows, band.lowerBound, band.upperBound, sums.floatPointer)
    case .bfloat16:
      CKernels_column_sums_bf16(
        x.bfloat16Pointer, x.stride, x.rows, band.lowerBound, band.upperBound, sums.floatPointer)
    }
  }
}

/// Σ x², in double precision; the same for any number of threads.
public func sumOfSquares(_ x: Tensor) -> Double {
  precondition(x.isContiguous, "a view with gaps")
  let chunk = 1 << 18, chunks = (x.count + chunk - 1) / chunk
  return Scratch.with(threads: 0, bytes: 0, shared: chunks * 8) { scratch in
    let sums = scratch.sharedRoom.assumingMemoryBound(to: Double.self)
    Threads.forEachBand(of: chunks) { band in
      for index in band {
        let first = index * chunk
        sums[index] = CKernels_sum_of_squares(x.floatPointer + first, min(chunk, x.count - first))
      }
    }
    return UnsafeBufferPointer(start: sums, count: chunks).reduce(0, +)
  }
}

/// Σ x² of every row, in double precision.
public func rowSumsOfSquares(_ x: Tensor) -> [Double] {
  [Double](unsafeUninitializedCapacity: x.rows) { sums, initialized in
    let first = sums.baseAddress
    Threads.forEachBand(of: x.rows) { band in
      for row in band {
        (first.unsafelyUnwrapped + row).initialize(
          to: CKernels_sum_of_squares(x.floatPointer + row * x.stride, x.columns))
      }
    }
    initialized = x.rows
  }
}

/// `x *= factor`.
public func scale(_ x: Tensor, by factor: Float) {
  precondition(x.isContiguous, "a view with gaps")
  Threads.forEachBand(of: x.count, unit: 16) { band in
    CKernels_scale(x.floatPointer + band.lowerBound, factor, band.count)
  }
}

/// `y = x / ‖x‖` for every row; keeps 1 / ‖x‖ in `inverseNorms` (rows, 1) for the backward twin.
public func normalizeRows(_ x: Tensor, into y: Tensor, inverseNorms: Tensor) {
  precondition(x.rows == y.rows && x.columns == y.columns && inverseNorms.count == x.rows, "shapes differ")
  Threads.forEachBand(of: x.rows) { band in
    CKernels_normalize_rows(
      x.floatPointer, y.floatPointer, inverseNorms.floatPointer, band.lowerBound, band.upperBound, x.columns)
  }
}

/// `dx = (dy − (dy · y) y) / ‖x‖` for every row, with the `y` and `inverseNorms` of the forward twin.
public func normalizeRowsBackward(_ dy: Tensor, y: Tensor, inverseNorms: Tensor, into dx: Tensor) {
  precondition(dy.rows == y.rows && dy.columns == y.columns && dx.count == dy.count, "shapes differ")
  Threads.forEachBand(of: y.rows) { band in
    CKernels_normalize_rows_backward(
      dy.floatPointer, y.floatPointer, inverseNorms.floatPointer, dx.floatPointer, band.lowerBound, band.upperBound,
      y.columns)
  }
}

/// `y = x` rounded to bfloat16, to nearest, ties to even.
public func narrow(_ x: Tensor, into y: Tensor) {
  precondition(x.count == y.count && x.isContiguous && y.isContiguous, "shapes differ")
  Threads.forEachBand(of: x.count, unit: 16) { band in
    CKernels_narrow(x.floatPointer + band.lowerBound, y.bfloat16Pointer + band.lowerBound, band.count)
  }
}

/// `y = x` as single precision, of a bfloat16 tensor.
public func widen(_ x: Tensor, into y: Tensor) {
  precondition(x.count == y.count && x.isContiguous && y.isContiguous, "shapes differ")
  Threads.forEachBand(of: x.count, unit: 16) { band in
    CKernels_widen(x.bfloat16Pointer + band.lowerBound, y.floatPointer + band.lowerBound, band.count)
  }
}

extension Tensor {
  /// A single-precision copy of a bfloat16 tensor, without gaps.
  func widened() -> Tensor {
    let wide = Tensor(rows: rows, columns: columns)
    Threads.forEachBand(of: rows) { band in
      for row in band {
        CKernels_widen(bfloat16Pointer + row * stride, wide.floatPointer + row * columns, columns)
      }
    }
    return wide
  }

  /// A bfloat16 copy of a single-precision tensor, without gaps.
  func rounded() -> Tensor {
    let half = Tensor(rows: rows, columns: columns, .bfloat16)
    Threads.forEachBand(of: rows) { band in
      for row in band {
        CKernels_narrow(floatPointer + row * stride, half.bfloat16Pointer + row * columns, columns)
      }
    }
    return half
  }
}
