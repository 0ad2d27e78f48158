import Tensors

/// The attention of a tower's last block: only one token of each segment goes on, so only its query is computed.
///
/// The parameters are those of ``Attention``. No mask is needed: the pooled token of a caption is its last, which sees
/// every token before it, and pictures have none.
struct PooledAttention {
  let query: Linear  // width → queries
  let keysValues: Linear  // width → keys, values
  let output: Linear
  let heads: Int

  init(_ attention: Attention) {
    let width = attention.width
    query = attention.input.slice(0..<width)
    keysValues = attention.input.slice(width..<3 * width)
    output = attention.output
    heads = attention.heads
  }

  var width: Int { output.outputs }

  /// What the backward twin needs.
  struct Saved {
    let queries: Tensor  // (segments, width)
    let keysValues: Tensor  // (tokens, 2 · width)
    let attended: Tensor  // (segments, width)
    let logSums: Tensor  // (segments, heads)
  }

  func saved(_ segments: Segments, in workspace: Workspace) -> Saved {
    Saved(
      queries: workspace.activations(rows: segments.count, columns: width),
      keysValues: workspace.activations(rows: segments.rows, columns: 2 * width),
      attended: workspace.activations(rows: segments.count, columns: width),
      logSums: workspace.tensor(rows: segments.count, columns: heads))
  }

  /// - Parameters:
  ///   - x: (tokens, width); `pooled` and `residual`: (segments, width), the pooled tokens' rows.
  ///   - y: (segments, width).
  func forward(
    _ x: Tensor, pooled: Tensor, _ segments: Segments, adding residual: Tensor, into y: Tensor, _ saved: Saved,
    in workspace: Workspace
  ) {
    query.forward(pooled, into: saved.queries)
    keysValues.forward(x, into: saved.keysValues)
    let (k, v) = parts(of: saved.keysValues)
    attend(segments).forward(
      q: saved.queries, k: k, v: v, into: saved.attended, logSums: saved.logSums, in: workspace)
    output.forward(saved.attended, into: y, adding: residual)
  }

  /// Sets `dx` and `dPooled`; the residual's gradient is `dy` itself.
  ///
  /// - Parameter dy: in the type of activations.
  func backward(
    _ dy: Tensor, x: Tensor, pooled: Tensor, _ segments: Segments, _ saved: Saved, into dx: Tensor, dPooled: Tensor,
    in workspace: Workspace
  ) {
    workspace.scope {
      let dAttended = workspace.activations(rows: segments.count, columns: width)
      output.backward(dy, x: saved.attended, into: dAttended)
      let dQueries = workspace.activations(rows: segments.count, columns: width)
      let dKeysValues = workspace.activations(rows: segments.rows, columns: 2 * width)
      let (k, v) = parts(of: saved.keysValues)
      let (dk, dv) = parts(of: dKeysValues)
      attend(segments).backward(
        dAttended, out: saved.attended, q: saved.queries, k: k, v: v, logSums: saved.logSums, dq: dQueries, dk: dk,
        dv: dv, in: workspace)
      keysValues.backward(dKeysValues, x: x, into: dx)
      query.backward(dQueries, x: pooled, into: dPooled)
    }
  }

  private func attend(_ segments: Segments) -> Attend {
    Attend(
      heads: heads, width: width / heads, queries: Segments(count: segments.count, length: 1), keys: segments,
      isCausal: false)
  }

  private func parts(of keysValues: Tensor) -> (Tensor, Tensor) {
    (keysValues.columns(0..<width), keysValues.columns(width..<2 * width))
  }
}
