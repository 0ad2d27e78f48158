import CKernels

/// `c = a · b + bias + addend` by a kernel.
///
/// A thread takes columns of the result at a time, and so packs a part of `b` that no other needs; where the result has few
/// columns they take rows. A transposed `a` is turned once, by all threads together.
///
/// - Parameter rowSums: (1, m), for a transposed `a`: its sums over the rows it is stored in are added.
func multiplyByKernel(
  _ a: some Factor, _ b: some Factor, into c: Tensor, bias: Tensor?, adding addend: Tensor?, rowSums: Tensor?,
  ending: ProductEnding, on unit: CKernels_ProductUnit
) {
  let rows = c.rows, columns = c.columns, inner = a.operandColumns
  let aIsFloat = a.matrix.elementType == .float32
  let bIsFloat = b.matrix.elementType == .float32, cIsFloat = c.elementType == .float32
  precondition(cIsFloat || addend?.elementType != .bfloat16, "an addend is single precision")
  var product = CKernels_Product(
    m: rows, n: columns, k: inner,
    a: aIsFloat ? UnsafeRawPointer(a.matrix.floatPointer) : UnsafeRawPointer(a.matrix.bfloat16Pointer),
    a_stride: a.matrix.stride, a_transposed: a.isTransposed ? 1 : 0, a_is_float: aIsFloat ? 1 : 0,
    b: bIsFloat ? UnsafeRawPointer(b.matrix.floatPointer) : UnsafeRawPointer(b.matrix.bfloat16Pointer),
    b_stride: b.matrix.stride, b_transposed: b.isTransposed ? 1 : 0, b_is_float: bIsFloat ? 1 : 0,
    c: cIsFloat ? UnsafeMutableRawPointer(c.floatPointer) : UnsafeMutableRawPointer(c.bfloat16Pointer),
    c_stride: c.stride, c_is_float: cIsFloat ? 1 : 0,
    bias: bias.map { UnsafePointer($0.floatPointer) }, addend: addend.map { UnsafePointer($0.floatPointer) },
    addend_stride: addend?.stride ?? 0, activated: nil, slope_at: nil, activation: CKernels_GELU,
    row_sums: rowSums?.floatPointer)
  func address(of other: Tensor) -> UnsafeMutableRawPointer {
    precondition(
      other.rows == rows && other.stride == c.stride && other.elementType == c.elementType, "shapes differ")
    return cIsFloat ? .init(other.floatPointer) : .init(other.bfloat16Pointer)
  }
  switch ending {
  case .plain: break
  case .activating(let activation, let active):
    product.activated = address(of: active)
    product.activation = activation.kernel
  case .slope(let activation, let x, let active):
    product.slope_at = UnsafeRawPointer(address(of: x))
    product.activated = address(of: active)
    product.activation = activation.kernel
  }

  let threads = Threads.count
  let packs = CKernels_product_packs(&product, unit) != 0
  Scratch.with(
    threads: threads, bytes: CKernels_product_scratch(unit, inner),
    shared: packs ? (rows + 64) * CKernels_product_packed_row(unit, inner) : 0
  ) { scratch in
    let packed = packs ? scratch.sharedRoom : nil
    if let packed {
      withUnsafePointer(to: &product) { product in
        nonisolated(unsafe) let product = product, packed = packed
        Threads.forEachBand(of: rows, unit: 32) { band in
          CKernels_product_pack_a(product, unit, packed, band.lowerBound, band.upperBound)
        }
      }
    }
    withUnsafePointer(to: &product) { product in
      if columns >= 64 * threads || columns >= rows {
        let width = columns >= 256 * threads ? 64 : 32
        // The faster a product is, the more it costs to read A again for each share.
        let least = unit == CKernels_AMX ? 512 : 128
        Threads.forEachShare(of: columns, unit: width, least: least, atMost: threads) { thread, band in
          CKernels_product(
            product, unit, packed, 0, rows, band.lowerBound, band.upperBound, scratch.room(of: thread))
        }
      } else {
        // A multiple of both units' blocks of rows, so that only the last band has a ragged one.
        Threads.forEachNumberedBand(of: rows, unit: 96, atMost: threads) { thread, band in
          CKernels_product(
            product, unit, packed, band.lowerBound, band.upperBound, 0, columns, scratch.room(of: thread))
        }
      }
    }
  }
}
