import COpenBLAS

/// `c = a · b (+ bias) (+ addend)`, or `c += a · b`.
///
/// Concretely, with `a` (m, k), `b` (k, n) and `c` (m, n): `c[i, j] = Σ a[i, p] b[p, j] + bias[j] + addend[i, j]`.
/// Sums are taken in single precision whatever the operands are stored as. Where `a` is bfloat16, `b` is rounded to it.
///
/// - Parameters:
///   - bias: (1, n), added to every row.
///   - addend: (m, n), such as the residual stream; single precision.
///   - accumulating: add to what `c` holds; then there is neither bias nor addend.
///   - ending: what else happens to each number of `c`.
public func multiply(
  _ a: some Factor, _ b: some Factor, into c: Tensor, bias: Tensor? = nil, adding addend: Tensor? = nil,
  accumulating: Bool = false, ending: ProductEnding = .plain
) {
  multiply(
    a, b, into: c, bias: bias, adding: addend, accumulating: accumulating, rowSums: nil, ending: ending,
    on: isSingle(a, b, c) ? .bestForFloats : .best)
}

/// `c = xᵀ · y`, or `c += xᵀ · y`, and `sums += Σ over rows of x[·, i]`: the gradients of a layer's weight and bias from
/// the gradient x of its output and its input y.
///
/// - Parameters:
///   - x: (tokens, m); `y`: (tokens, n); `c`: (m, n).
///   - sums: (1, m), or nil.
public func multiplyTransposed(_ x: Tensor, _ y: Tensor, into c: Tensor, accumulating: Bool, columnSums sums: Tensor?) {
  // A kernel packs all rows before it multiplies. Many rows of few numbers, a convolution's pixels, are cut so that what is
  // packed stays in the cache, as long as c does as well, which then is added to for each part.
  let part = x.rows >= 2 * rowsInCache && c.count * 4 <= 1 << 20 ? rowsInCache : max(x.rows, 1)
  for first in stride(from: 0, to: max(x.rows, 1), by: part) {
    let rows = first..<min(first + part, x.rows)
    multiply(
      x.rows(rows).transposed, y.rows(rows), into: c, bias: nil, adding: nil, accumulating: accumulating || first > 0,
      rowSums: sums, ending: .plain, on: isSingle(x, y, c) ? .bestForFloats : .best)
  }
}

private let rowsInCache = 1024

private func isSingle(_ a: some Factor, _ b: some Factor, _ c: Tensor) -> Bool {
  [a.matrix, b.matrix, c].allSatisfy { $0.elementType == .float32 }
}

/// The same products on a unit of choice.
package func multiply(
  _ a: some Factor, _ b: some Factor, into c: Tensor, bias: Tensor?, adding addend: Tensor?, accumulating: Bool,
  rowSums: Tensor?, ending: ProductEnding, on unit: ProductUnit
) {
  precondition(
    a.operandRows == c.rows && a.operandColumns == b.operandRows && b.operandColumns == c.columns,
    "\(a.operandRows) × \(a.operandColumns) times \(b.operandRows) × \(b.operandColumns) is not \(c.rows) × \(c.columns)"
  )
  precondition(!(accumulating && (bias != nil || addend != nil)), "a bias or an addend replaces what c holds")
  precondition(rowSums == nil || a.isTransposed, "sums are taken of a transposed factor")
  let isSingle = isSingle(a, b, c)
  if let kernel = unit.kernel, isSingle ? unit == .floats : a.matrix.elementType == .bfloat16 {
    multiplyByKernel(
      a, b, into: c, bias: bias, adding: accumulating ? c : addend, rowSums: rowSums, ending: ending, on: kernel)
    return
  }
  if isSingle {
    multiplyFloats(a, b, into: c, bias: bias, adding: addend, accumulating: accumulating)
  } else if unit == .library, a.matrix.elementType == .bfloat16, a.operandColumns > 0 {
    multiplyByLibrary(a, b, into: c, bias: bias, adding: addend, accumulating: accumulating)
  } else {
    multiplyWidened(a, b, into: c, bias: bias, adding: addend, accumulating: accumulating)
  }
  switch ending {
  case .plain: break
  case .activating(let activation, let active): activation.forward(c, into: active)
  case .slope(let activation, let x, let active):
    activation.backward(c, x: x, into: c)
    activation.forward(x, into: active)
  }
  if let rowSums { addColumnSums(of: a.matrix, to: rowSums) }
}

private func multiplyFloats(
  _ a: some Factor, _ b: some Factor, into c: Tensor, bias: Tensor?, adding addend: Tensor?, accumulating: Bool
) {
  let fills = bias != nil || addend != nil
  let byRows = c.rows >= c.columns
  // OpenBLAS repacks both operands in every call: cutting the longer side, threads repeat the smaller part of that.
  // Bands start at multiples of a kernel's tile, so that no thread has more ragged edges than one alone would.
  Threads.forEachBand(of: byRows ? c.rows : c.columns, unit: 16) { band in
    let rows = byRows ? band : 0..<c.rows, columns = byRows ? 0..<c.columns : band
    let target = c.rows(rows).columns(columns)
    if fills {
      fillRows(target, bias: bias?.columns(columns), adding: addend?.rows(rows).columns(columns))
    }
    guard a.operandColumns > 0 else {
      if !fills && !accumulating { fillRows(target, bias: nil, adding: nil) }
      return
    }
    let left = a.isTransposed ? a.matrix.columns(rows) : a.matrix.rows(rows)
    let right = b.isTransposed ? b.matrix.rows(columns) : b.matrix.columns(columns)
    cblas_sgemm(
      CblasRowMajor, a.isTransposed ? CblasTrans : CblasNoTrans, b.isTransposed ? CblasTrans : CblasNoTrans,
      blasint(target.rows), blasint(target.columns), blasint(a.operandColumns),
      1, left.floatPointer, blasint(max(left.stride, 1)), right.floatPointer, blasint(max(right.stride, 1)),
      fills || accumulating ? 1 : 0, target.floatPointer, blasint(max(c.stride, 1)))
  }
}

/// Products with bfloat16 operands by way of single-precision copies.
private func multiplyWidened(
  _ a: some Factor, _ b: some Factor, into c: Tensor, bias: Tensor?, adding addend: Tensor?, accumulating: Bool
) {
  func wide(_ matrix: Tensor) -> Tensor { matrix.elementType == .float32 ? matrix : matrix.widened() }
  let left = wide(a.matrix), right = wide(b.matrix)
  let target = c.elementType == .float32 ? c : (accumulating ? c.widened() : Tensor(rows: c.rows, columns: c.columns))
  func product(_ left: some Factor, _ right: some Factor) {
    multiplyFloats(left, right, into: target, bias: bias, adding: addend, accumulating: accumulating)
  }
  switch (a.isTransposed, b.isTransposed) {
  case (false, false): product(left, right)
  case (true, false): product(left.transposed, right)
  case (false, true): product(left, right.transposed)
  case (true, true): product(left.transposed, right.transposed)
  }
  if c.elementType == .bfloat16 { narrow(target, into: c) }
}

/// The kernel OpenBLAS chose for this processor, such as `SkylakeX`; `OPENBLAS_CORETYPE` overrides its choice.
public func openBLASCoreName() -> String {
  String(cString: openblas_get_corename())
}
