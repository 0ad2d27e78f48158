/// `c = a · b + bias + addend`, or `c += a · b`, by oneDNN: `a` is bfloat16, and `b` is rounded to it.
///
/// Every thread takes rows of the result and calls the library for them. Not columns: where a matrix has gaps between
/// its rows, oneDNN 2.6 takes another path, at half the speed.
func multiplyByLibrary(
  _ a: some Factor, _ b: some Factor, into c: Tensor, bias: Tensor?, adding addend: Tensor?, accumulating: Bool
) {
  let right = b.matrix.elementType == .float32 ? b.matrix.rounded() : b.matrix
  let fills = bias != nil || addend != nil
  // Rounded once, after everything is added up.
  let whole = fills && c.elementType == .bfloat16 ? Tensor(rows: c.rows, columns: c.columns) : c
  Threads.forEachBand(of: c.rows, unit: 64) { band in
    let target = whole.rows(band)
    if fills { fillRows(target, bias: bias, adding: addend?.rows(band)) }
    let left = a.isTransposed ? a.matrix.columns(band) : a.matrix.rows(band)
    let shape = LibraryProduct.Shape(
      rows: target.rows, columns: target.columns, inner: a.operandColumns,
      aStride: left.stride, aIsTransposed: a.isTransposed, bStride: right.stride, bIsTransposed: b.isTransposed,
      cStride: target.stride, cType: target.elementType, accumulates: fills || accumulating)
    do throws(LibraryError) {
      try LibraryProduct.with(shape) { product throws(LibraryError) in
        try product.run(
          left.bfloat16Pointer, right.bfloat16Pointer,
          into: target.elementType == .float32 ? .init(target.floatPointer) : .init(target.bfloat16Pointer))
      }
    } catch {
      error.stop()
    }
  }
  if fills, c.elementType == .bfloat16 { narrow(whole, into: c) }
}
