import CKernels

/// Scaled dot-product attention over packed segments (Vaswani et al. 2017), and its backward twin.
///
/// Concretely, in every segment and for every head: `out = softmax(q kᵀ / √width) v`.
public struct Attend {
  /// Heads; each takes `width` of the columns.
  public let heads: Int
  /// Columns a head.
  public let width: Int
  /// Which rows of q belong together.
  public let queries: Segments
  /// Which rows of k and v belong together; as many segments as `queries`.
  public let keys: Segments
  /// Whether query i of a segment sees only keys 0 … i.
  public let isCausal: Bool
  /// What multiplies bfloat16 matrices.
  package var unit = ProductUnit.best

  /// - Precondition: `queries` and `keys` have equally many segments; if causal, equally long ones.
  public init(heads: Int, width: Int, queries: Segments, keys: Segments, isCausal: Bool) {
    precondition(queries.count == keys.count, "\(queries.count) segments of queries, \(keys.count) of keys")
    precondition(!isCausal || queries.offsets == keys.offsets, "causal attention needs a key for every query")
    self.heads = heads
    self.width = width
    self.queries = queries
    self.keys = keys
    self.isCausal = isCausal
  }

  /// `out = softmax(q kᵀ / √width) v`.
  ///
  /// - Parameters:
  ///   - q: (query rows, heads · width); `k` and `v`: (key rows, heads · width), with one stride.
  ///   - out: (query rows, heads · width).
  ///   - logSums: (query rows, heads): receives the log-sum-exp of each row of logits, for the backward twin.
  public func forward(q: Tensor, k: Tensor, v: Tensor, into out: Tensor, logSums: Tensor?, in workspace: Workspace) {
    check(q, k, v, out)
    run(backward: false, q.elementType, in: workspace) { shape, scratch, begin, end in
      switch (q.elementType, unit.blockKernel) {
      case (.float32, _):
        CKernels_attention_f32(
          shape, q.floatPointer, q.stride, k.floatPointer, v.floatPointer, k.stride, out.floatPointer, out.stride,
          logSums?.floatPointer, scratch, begin, end)
      case (.bfloat16, nil):
        CKernels_attention_bf16(
          shape, q.bfloat16Pointer, q.stride, k.bfloat16Pointer, v.bfloat16Pointer, k.stride, out.bfloat16Pointer,
          out.stride, logSums?.floatPointer, scratch, begin, end)
      case (.bfloat16, let unit?):
        CKernels_attention_blocks(
          shape, unit, q.bfloat16Pointer, q.stride, k.bfloat16Pointer, v.bfloat16Pointer, k.stride,
          out.bfloat16Pointer, out.stride, logSums?.floatPointer, scratch, begin, end)
      }
    }
  }

  /// Sets the gradients of q, k and v from that of `out`; the probabilities are computed again from `logSums`.
  public func backward(
    _ dOut: Tensor, out: Tensor, q: Tensor, k: Tensor, v: Tensor, logSums: Tensor, dq: Tensor, dk: Tensor, dv: Tensor,
    in workspace: Workspace
  ) {
    check(q, k, v, out)
    check(dq, dk, dv, dOut)
    precondition(dOut.stride == out.stride, "the output and its gradient are stored alike")
    run(backward: true, q.elementType, in: workspace) { shape, scratch, begin, end in
      switch (q.elementType, unit.blockKernel) {
      case (.float32, _):
        CKernels_attention_backward_f32(
          shape, dOut.floatPointer, out.floatPointer, out.stride, q.floatPointer, q.stride, k.floatPointer,
          v.floatPointer, k.stride, logSums.floatPointer, dq.floatPointer, dq.stride, dk.floatPointer,
          dv.floatPointer, dk.stride, scratch, begin, end)
      case (.bfloat16, nil):
        CKernels_attention_backward_bf16(
          shape, dOut.bfloat16Pointer, out.bfloat16Pointer, out.stride, q.bfloat16Pointer, q.stride,
          k.bfloat16Pointer, v.bfloat16Pointer, k.stride, logSums.floatPointer, dq.bfloat16Pointer, dq.stride,
          dk.bfloat16Pointer, dv.bfloat16Pointer, dk.stride, scratch, begin, end)
      case (.bfloat16, let unit?):
        CKernels_attention_blocks_backward(
          shape, unit, dOut.bfloat16Pointer, out.bfloat16Pointer, out.stride, q.bfloat16Pointer, q.stride,
          k.bfloat16Pointer, v.bfloat16Pointer, k.stride, logSums.floatPointer, dq.bfloat16Pointer, dq.stride,
          dk.bfloat16Pointer, dv.bfloat16Pointer, dk.stride, scratch, begin, end)
      }
    }
  }

  private func check(_ q: Tensor, _ k: Tensor, _ v: Tensor, _ out: Tensor) {
    precondition(q.rows == queries.rows && out.rows == queries.rows && q.columns == heads * width, "queries")
    precondition(k.rows == keys.rows && v.rows == keys.rows && k.columns == heads * width, "keys and values")
    precondition(k.stride == v.stride && out.columns == q.columns, "keys and values are stored alike")
  }

  /// Floats of memory a thread needs.
  private func scratchFloats(backward: Bool, _ type: ElementType) -> Int {
    guard type == .bfloat16, unit.blockKernel != nil else {
      return CKernels_attention_scratch(keys.longest, width, backward ? 1 : 0)
    }
    return (CKernels_attention_blocks_scratch(keys.longest, width, backward ? 1 : 0) + 63) / 64 * 16
  }

  private func run(
    backward: Bool, _ type: ElementType, in workspace: Workspace,
    _ kernel: (CKernels_Attention, UnsafeMutablePointer<Float>, Int, Int) -> Void
  ) {
    let pairs = queries.count * heads
    workspace.scope {
      let floats = (scratchFloats(backward: backward, type) + 15) / 16 * 16
      let threads = Threads.count
      let scratch = workspace.tensor(rows: threads, columns: floats)
      queries.offsets.withUnsafeBufferPointer { queryOffsets in
        keys.offsets.withUnsafeBufferPointer { keyOffsets in
          let shape = CKernels_Attention(
            heads: heads, width: width, query_offsets: queryOffsets.baseAddress, key_offsets: keyOffsets.baseAddress,
            causal: isCausal ? 1 : 0, scale: 1 / Float(width).squareRoot())
          Threads.forEachShare(of: pairs, atMost: threads) { number, band in
            kernel(shape, scratch.rows(number..<number + 1).floatPointer, band.lowerBound, band.upperBound)
          }
        }
      }
    }
  }
}
