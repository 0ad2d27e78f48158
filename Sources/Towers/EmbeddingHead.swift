import Tensors

/// The end of a tower: `embedding = normalise(projection(norm(x)))`, rows of length 1. Single precision throughout.
struct EmbeddingHead {
  let norm: LayerNorm
  let projection: Projection  // width → embedding

  /// What the backward twin needs.
  struct Saved {
    let x: Tensor  // (segments, width)
    let statistics: Tensor  // (segments, 2)
    let inverseNorms: Tensor  // (segments, 1)
    let embeddings: Tensor  // (segments, embedding)
  }

  /// - Parameters:
  ///   - x: (segments, width).
  ///   - embeddings: (segments, embedding), single precision.
  func forward(_ x: Tensor, into embeddings: Tensor, in workspace: Workspace) -> Saved {
    let saved = Saved(
      x: x,
      statistics: workspace.tensor(rows: x.rows, columns: 2),
      inverseNorms: workspace.tensor(rows: x.rows, columns: 1),
      embeddings: embeddings)
    workspace.scope {
      let normalized = workspace.tensor(rows: x.rows, columns: x.columns)
      norm.forward(x, into: normalized, statistics: saved.statistics)
      let features = workspace.tensor(rows: x.rows, columns: embeddings.columns)
      projection.forward(normalized, into: features)
      normalizeRows(features, into: embeddings, inverseNorms: saved.inverseNorms)
    }
    return saved
  }

  /// Sets `dx` (segments, width) from the gradient of the embeddings; nil: only the projection is trained.
  func backward(_ gradient: Tensor, _ saved: Saved, into dx: StreamGradient?, in workspace: Workspace) {
    workspace.scope {
      let rows = saved.x.rows, width = saved.x.columns
      let dFeatures = workspace.tensor(rows: rows, columns: gradient.columns)
      normalizeRowsBackward(gradient, y: saved.embeddings, inverseNorms: saved.inverseNorms, into: dFeatures)
      let normalized = workspace.tensor(rows: rows, columns: width)
      norm.forward(saved.x, into: normalized, statistics: nil)
      let dNormalized = dx.map { _ in workspace.tensor(rows: rows, columns: width) }
      projection.backward(dFeatures, x: normalized, into: dNormalized)
      guard let dx, let dNormalized else { return }
      zero(dx.values)
      norm.backward(dNormalized, x: saved.x, statistics: saved.statistics, addingTo: dx)
    }
  }
}
