import Tensors

/// Multi-head self-attention, `y = residual + output(attend(input(x)))`, over every token of each segment.
struct Attention {
  let input: Linear  // width → queries, keys, values
  let output: Linear  // width → width
  let heads: Int
  let isCausal: Bool

  var width: Int { output.outputs }

  /// What the backward twin needs.
  struct Saved {
    let qkv: Tensor  // (tokens, 3 · width)
    let attended: Tensor  // (tokens, width)
    let logSums: Tensor  // (tokens, heads)
  }

  func saved(rows: Int, in workspace: Workspace) -> Saved {
    Saved(
      qkv: workspace.activations(rows: rows, columns: 3 * width),
      attended: workspace.activations(rows: rows, columns: width),
      logSums: workspace.tensor(rows: rows, columns: heads))
  }

  func forward(
    _ x: Tensor, _ segments: Segments, adding residual: Tensor, into y: Tensor, _ saved: Saved, in workspace: Workspace
  ) {
    input.forward(x, into: saved.qkv)
    let (q, k, v) = parts(of: saved.qkv)
    attend(segments).forward(q: q, k: k, v: v, into: saved.attended, logSums: saved.logSums, in: workspace)
    output.forward(saved.attended, into: y, adding: residual)
  }

  /// Sets `dx`; the residual's gradient is `dy` itself.
  ///
  /// - Parameter dy: in the type of activations.
  func backward(
    _ dy: Tensor, x: Tensor, _ segments: Segments, _ saved: Saved, into dx: Tensor, in workspace: Workspace
  ) {
    workspace.scope {
      let dAttended = workspace.activations(rows: x.rows, columns: width)
      output.backward(dy, x: saved.attended, into: dAttended)
      let dqkv = workspace.activations(rows: x.rows, columns: 3 * width)
      let (q, k, v) = parts(of: saved.qkv)
      let (dq, dk, dv) = parts(of: dqkv)
      attend(segments).backward(
        dAttended, out: saved.attended, q: q, k: k, v: v, logSums: saved.logSums, dq: dq, dk: dk, dv: dv,
        in: workspace)
      input.backward(dqkv, x: x, into: dx)
    }
  }

  private func attend(_ segments: Segments) -> Attend {
    Attend(heads: heads, width: width / heads, queries: segments, keys: segments, isCausal: isCausal)
  }

  private func parts(of qkv: Tensor) -> (Tensor, Tensor, Tensor) {
    (qkv.columns(0..<width), qkv.columns(width..<2 * width), qkv.columns(2 * width..<3 * width))
  }
}
