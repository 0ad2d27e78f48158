import Tensors

/// A pre-norm transformer block: `x += attention(norm1(x)); x += mlp(norm2(x))`.
struct ResidualBlock {
  let norm1: LayerNorm
  let attention: Attention
  let norm2: LayerNorm
  let mlp: MLP
  /// All parameters of the block.
  let unit: ParameterUnit

  /// What the backward twin needs; both normalised inputs are computed again, a pass over memory each.
  struct Saved {
    let x: Tensor  // (tokens, width)
    let statistics1: Tensor  // (tokens, 2)
    let attention: Attention.Saved
    let middle: Tensor  // (tokens, width), after the attention
    let statistics2: Tensor
    let mlp: MLP.Saved
  }

  /// - Parameters:
  ///   - x: (tokens, width).
  ///   - y: the same shape; nil: nobody needs the result, but what the backward twin needs.
  func forward(_ x: Tensor, _ segments: Segments, into y: Tensor?, in workspace: Workspace) -> Saved {
    let saved = Saved(
      x: x,
      statistics1: workspace.tensor(rows: x.rows, columns: 2),
      attention: attention.saved(rows: x.rows, in: workspace),
      middle: workspace.tensor(rows: x.rows, columns: x.columns),
      statistics2: workspace.tensor(rows: x.rows, columns: 2),
      mlp: mlp.saved(rows: x.rows, workspace.activationType, in: workspace))
    workspace.scope {
      let normalized = workspace.activations(rows: x.rows, columns: x.columns)
      norm1.forward(x, into: normalized, statistics: saved.statistics1)
      attention.forward(normalized, segments, adding: x, into: saved.middle, saved.attention, in: workspace)
      norm2.forward(saved.middle, into: normalized, statistics: saved.statistics2)
      mlp.forward(normalized, adding: saved.middle, into: y, saved.mlp, in: workspace)
    }
    return saved
  }

  /// Turns the gradient of the output into that of the input, in place.
  func backward(_ gradient: StreamGradient, _ segments: Segments, _ saved: Saved, in workspace: Workspace) {
    workspace.scope {
      let normalized = workspace.activations(rows: saved.x.rows, columns: saved.x.columns)
      let dNormalized = workspace.activations(rows: saved.x.rows, columns: saved.x.columns)

      norm2.forward(saved.middle, into: normalized, statistics: nil)
      mlp.backward(gradient.operand, x: normalized, saved.mlp, into: dNormalized, in: workspace)
      norm2.backward(dNormalized, x: saved.middle, statistics: saved.statistics2, addingTo: gradient)

      norm1.forward(saved.x, into: normalized, statistics: nil)
      attention.backward(gradient.operand, x: normalized, segments, saved.attention, into: dNormalized, in: workspace)
      norm1.backward(dNormalized, x: saved.x, statistics: saved.statistics1, addingTo: gradient)
    }
  }
}
