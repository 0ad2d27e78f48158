import Tensors

/// The last block of a tower, computed only for the one token of each segment that the tower's head reads.
///
/// The parameters are those of a ``ResidualBlock``, and so is the result for that token; of the other tokens only keys
/// and values are computed. Its MLP works in single precision whatever the others do: so few rows take no time, and the
/// embeddings and all gradients come through it.
struct PooledBlock {
  let norm1: LayerNorm
  let attention: PooledAttention
  let norm2: LayerNorm
  let mlp: MLP
  /// The same block, for all tokens.
  let whole: ResidualBlock
  /// All parameters of the block.
  let unit: ParameterUnit

  init(_ block: ResidualBlock) {
    norm1 = block.norm1
    attention = PooledAttention(block.attention)
    norm2 = block.norm2
    mlp = block.mlp
    whole = block
    unit = block.unit
  }

  /// What the backward twin needs.
  struct Saved {
    let x: Tensor  // (tokens, width)
    let statistics: Tensor  // (tokens, 2)
    let pooled: Tensor  // (segments, width), the pooled rows of x
    let pooledStatistics: Tensor  // (segments, 2)
    let attention: PooledAttention.Saved
    let middle: Tensor  // (segments, width)
    let statistics2: Tensor
    let mlp: MLP.Saved
  }

  /// - Parameters:
  ///   - x: (tokens, width).
  ///   - rows: which row of x is pooled, one a segment.
  ///   - y: (segments, width).
  func forward(_ x: Tensor, _ segments: Segments, pooling rows: [Int32], into y: Tensor, in workspace: Workspace)
    -> Saved
  {
    let saved = Saved(
      x: x,
      statistics: workspace.tensor(rows: x.rows, columns: 2),
      pooled: workspace.tensor(rows: rows.count, columns: x.columns),
      pooledStatistics: workspace.tensor(rows: rows.count, columns: 2),
      attention: attention.saved(segments, in: workspace),
      middle: workspace.tensor(rows: rows.count, columns: x.columns),
      statistics2: workspace.tensor(rows: rows.count, columns: 2),
      mlp: mlp.saved(rows: rows.count, .float32, in: workspace))
    gatherRows(of: x, rows, into: saved.pooled)
    workspace.scope {
      let normalized = workspace.activations(rows: x.rows, columns: x.columns)
      let pooled = workspace.activations(rows: rows.count, columns: x.columns)
      norm1.forward(x, into: normalized, statistics: saved.statistics)
      norm1.forward(saved.pooled, into: pooled, statistics: saved.pooledStatistics)
      attention.forward(
        normalized, pooled: pooled, segments, adding: saved.pooled, into: saved.middle, saved.attention, in: workspace)
      let normalizedMiddle = workspace.tensor(rows: rows.count, columns: x.columns)
      norm2.forward(saved.middle, into: normalizedMiddle, statistics: saved.statistics2)
      mlp.forward(normalizedMiddle, adding: saved.middle, into: y, saved.mlp, in: workspace)
    }
    return saved
  }

  /// Sets `dx` (tokens, width) from `gradient` (segments, width), which it changes.
  func backward(
    _ gradient: StreamGradient, _ segments: Segments, pooling rows: [Int32], _ saved: Saved, into dx: StreamGradient,
    in workspace: Workspace
  ) {
    workspace.scope {
      let width = saved.x.columns
      workspace.scope {
        let normalizedMiddle = workspace.tensor(rows: rows.count, columns: width)
        let dMiddle = workspace.tensor(rows: rows.count, columns: width)
        norm2.forward(saved.middle, into: normalizedMiddle, statistics: nil)
        mlp.backward(gradient.values, x: normalizedMiddle, saved.mlp, into: dMiddle, in: workspace)
        norm2.backward(dMiddle, x: saved.middle, statistics: saved.statistics2, addingTo: gradient)
      }

      let pooled = workspace.activations(rows: rows.count, columns: width)
      let dPooled = workspace.activations(rows: rows.count, columns: width)
      let normalized = workspace.activations(rows: saved.x.rows, columns: width)
      let dNormalized = workspace.activations(rows: saved.x.rows, columns: width)
      norm1.forward(saved.x, into: normalized, statistics: nil)
      norm1.forward(saved.pooled, into: pooled, statistics: nil)
      attention.backward(
        gradient.operand, x: normalized, pooled: pooled, segments, saved.attention, into: dNormalized,
        dPooled: dPooled, in: workspace)
      norm1.backward(dPooled, x: saved.pooled, statistics: saved.pooledStatistics, addingTo: gradient)
      zero(dx.values)
      norm1.backward(dNormalized, x: saved.x, statistics: saved.statistics, addingTo: dx.values)
      scatterAddRows(of: gradient.values, rows, to: dx.values)
      dx.refresh()
    }
  }
}
