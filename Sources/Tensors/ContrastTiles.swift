import CKernels

// The passes over a tile of logits that the contrastive loss is made of.

/// Merges the logits of a tile into the running maxima and sums of exp(logit − maximum) of its rows.
///
/// - Parameters:
///   - logits: (rows, columns).
///   - maxima: (1, rows), −∞ before the first tile; `sums`: (1, rows), 0 before it.
public func mergeRowLogSums(_ logits: Tensor, maxima: Tensor, sums: Tensor) {
  precondition(maxima.count == logits.rows && sums.count == logits.rows, "shapes differ")
  Threads.forEachBand(of: logits.rows) { band in
    CKernels_merge_row_log_sums(
      logits.floatPointer, logits.stride, band.lowerBound, band.upperBound, logits.columns, maxima.floatPointer,
      sums.floatPointer)
  }
}

/// The same for its columns: `maxima` and `sums` are (1, columns).
public func mergeColumnLogSums(_ logits: Tensor, maxima: Tensor, sums: Tensor) {
  precondition(maxima.count == logits.columns && sums.count == logits.columns, "shapes differ")
  Threads.forEachBand(of: logits.columns, unit: 16) { band in
    CKernels_merge_column_log_sums(
      logits.floatPointer, logits.stride, logits.rows, band.lowerBound, band.upperBound, maxima.floatPointer,
      sums.floatPointer)
  }
}

/// Replaces each logit l by its row softmax plus its column softmax, and adds Σ (row softmax + column softmax) · l of
/// every row to `products`.
///
/// - Parameters:
///   - rowLogSums: (1, rows), the log-sum-exp of whole rows; `columnLogSums`: (1, columns).
///   - products: one number a row.
public func replaceBySoftmaxes(
  _ logits: Tensor, rowLogSums: Tensor, columnLogSums: Tensor, addingProductsTo products: inout [Double]
) {
  precondition(rowLogSums.count == logits.rows && columnLogSums.count == logits.columns, "shapes differ")
  precondition(products.count == logits.rows, "one product a row")
  products.withUnsafeMutableBufferPointer { products in
    nonisolated(unsafe) let products = products.baseAddress
    Threads.forEachBand(of: logits.rows) { band in
      CKernels_contrast_tile(
        logits.floatPointer, logits.stride, band.lowerBound, band.upperBound, logits.columns,
        rowLogSums.floatPointer, columnLogSums.floatPointer, products)
    }
  }
}
