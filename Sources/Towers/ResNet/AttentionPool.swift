import Tensors

/// The end of a ModifiedResNet: the mean of all pixels asks, it and the pixels answer, and what it hears is projected into
/// the space both towers share.
struct AttentionPool {
  let positions: Parameter  // (pixels + 1, channels)
  let key: Linear
  let query: Linear
  let value: Linear
  let output: Linear  // channels → embedding
  let heads: Int

  init(_ name: String, pixels: Int, channels: Int, heads: Int, embedDim: Int, in store: ParameterStore) {
    let deviation = 1 / Float(channels).squareRoot()
    func linear(_ part: String, _ outputs: Int) -> Linear {
      Linear(
        weight: store.declare("\(name).\(part).weight", [outputs, channels], .normal(deviation), isFactor: true),
        bias: store.declare("\(name).\(part).bias", [outputs], .fanIn(channels)))
    }
    positions = store.declare("\(name).positional_embedding", [pixels + 1, channels], .normal(deviation))
    key = linear("k_proj", channels)
    query = linear("q_proj", channels)
    value = linear("v_proj", channels)
    output = linear("c_proj", embedDim)
    self.heads = heads
  }

  private var channels: Int { positions.shape[1] }
  private var tokens: Int { positions.shape[0] }

  /// What the backward twin needs.
  struct Saved {
    let tokens: Tensor  // (pictures · tokens, channels), in the type of activations
    let means: Tensor  // (pictures, channels), the first token of each
    let queries: Tensor  // (pictures, channels)
    let keys: Tensor  // (pictures · tokens, channels)
    let values: Tensor
    let attended: Tensor  // (pictures, channels)
    let logSums: Tensor  // (pictures, heads)
    let inverseNorms: Tensor  // (pictures, 1)
    let embeddings: Tensor  // (pictures, embedding)
  }

  /// - Parameters:
  ///   - x: (pictures · pixels, channels).
  ///   - embeddings: (pictures, embedding), rows of length 1.
  func forward(_ x: Tensor, into embeddings: Tensor, in workspace: Workspace) -> Saved {
    let pictures = embeddings.rows
    let saved = Saved(
      tokens: workspace.activations(rows: pictures * tokens, columns: channels),
      means: workspace.activations(rows: pictures, columns: channels),
      queries: workspace.activations(rows: pictures, columns: channels),
      keys: workspace.activations(rows: pictures * tokens, columns: channels),
      values: workspace.activations(rows: pictures * tokens, columns: channels),
      attended: workspace.activations(rows: pictures, columns: channels),
      logSums: workspace.tensor(rows: pictures, columns: heads),
      inverseNorms: workspace.tensor(rows: pictures, columns: 1), embeddings: embeddings)
    workspace.scope {
      poolTokens(x, positions: positions.values, into: saved.tokens, means: saved.means)
      query.forward(saved.means, into: saved.queries)
      key.forward(saved.tokens, into: saved.keys)
      value.forward(saved.tokens, into: saved.values)
      attend(pictures).forward(
        q: saved.queries, k: saved.keys, v: saved.values, into: saved.attended, logSums: saved.logSums, in: workspace)
      let features = workspace.tensor(rows: pictures, columns: embeddings.columns)
      output.forward(saved.attended, into: features)
      normalizeRows(features, into: embeddings, inverseNorms: saved.inverseNorms)
    }
    return saved
  }

  /// Sets `dx` (pictures · pixels, channels) from the gradient of the embeddings.
  func backward(_ gradient: Tensor, _ saved: Saved, into dx: Tensor, in workspace: Workspace) {
    workspace.scope {
      let pictures = gradient.rows
      let dFeatures = workspace.tensor(rows: pictures, columns: gradient.columns)
      normalizeRowsBackward(gradient, y: saved.embeddings, inverseNorms: saved.inverseNorms, into: dFeatures)
      let dAttended = workspace.activations(rows: pictures, columns: channels)
      output.backward(workspace.operand(dFeatures), x: saved.attended, into: dAttended)
      let dQueries = workspace.activations(rows: pictures, columns: channels)
      let dKeys = workspace.activations(rows: pictures * tokens, columns: channels)
      let dValues = workspace.activations(rows: pictures * tokens, columns: channels)
      attend(pictures).backward(
        dAttended, out: saved.attended, q: saved.queries, k: saved.keys, v: saved.values, logSums: saved.logSums,
        dq: dQueries, dk: dKeys, dv: dValues, in: workspace)
      let dTokens = workspace.tensor(rows: pictures * tokens, columns: channels)
      let dMeans = workspace.tensor(rows: pictures, columns: channels)
      key.backward(dKeys, x: saved.tokens, into: nil)
      value.backward(dValues, x: saved.tokens, into: nil)
      multiply(dKeys, key.weight.values, into: dTokens)
      multiply(dValues, value.weight.values, into: dTokens, accumulating: true)
      query.backward(dQueries, x: saved.means, into: dMeans)
      poolTokensBackward(dTokens, means: dMeans, positionsGradient: positions.gradient, into: dx)
    }
  }

  private func attend(_ pictures: Int) -> Attend {
    Attend(
      heads: heads, width: channels / heads, queries: Segments(count: pictures, length: 1),
      keys: Segments(count: pictures, length: tokens), isCausal: false)
  }
}
