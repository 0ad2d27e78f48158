import Tensors

/// The text transformer of CLIP: packed captions in, one embedding of length 1 a caption out.
///
/// A caption is as many rows as it has tokens. The attention is causal, so what CLIP's padding holds cannot reach the
/// end token, and leaving it out changes nothing.
struct TextTower {
  let tokens: TokenTable
  let positions: Parameter  // (context, width)
  let transformer: Transformer
  let head: EmbeddingHead
  let configuration: TextConfiguration
  /// How many groups of layers at the beginning are locked.
  let locked: Int

  /// Declares the parameters under open_clip's names, with the deviations of CLIP's own code.
  init(
    _ configuration: TextConfiguration, embedDim: Int, activation: Activation, _ training: TowerTraining,
    in store: ParameterStore
  ) {
    self.configuration = configuration
    let locked = training.lockedTextGroups, layers = configuration.layers
    self.locked = locked
    let width = configuration.width, hidden = configuration.mlpWidth
    let deviation = 1 / Float(width).squareRoot()
    let residual = deviation / Float(2 * configuration.layers).squareRoot()
    positions = store.locking(locked > 0) {
      store.declare("positional_embedding", [configuration.contextLength, width], .normal(0.01))
    }
    let projection = store.locking(locked > layers + 1) {
      store.declare("text_projection", [width, embedDim], .normal(deviation), isFactor: true)
    }
    let blocks = (0..<layers).map { layer in
      store.locking(locked > layer + 1) {
        ResidualBlock(
          "transformer.resblocks.\(layer)", width: width, hidden: hidden, heads: configuration.heads, isCausal: true,
          activation: activation,
          BlockInitializers(
            qkv: .normal(deviation), output: .normal(residual), input: .normal(1 / Float(2 * width).squareRoot()),
            projection: .normal(residual)),
          in: store)
      }
    }
    transformer = Transformer(
      blocks: blocks, width: width, locked: max(locked - 1, 0), recomputes: training.recomputesBlocks)
    tokens = store.locking(locked > 0) {
      TokenTable(
        "token_embedding.weight", vocabulary: configuration.vocabularySize, width: width, .normal(0.02), in: store)
    }
    let norm = store.locking(locked > layers) { LayerNorm("ln_final", width: width, in: store) }
    head = EmbeddingHead(norm: norm, projection: Projection(weight: projection))
  }

  /// What the backward twin needs.
  struct Saved {
    let transformer: Transformer.Saved
    let head: EmbeddingHead.Saved
  }

  /// - Parameter embeddings: (captions, embedding).
  func forward(_ captions: PackedCaptions, into embeddings: Tensor, in workspace: Workspace) throws -> Saved {
    let x = workspace.tensor(rows: captions.segments.rows, columns: configuration.width)
    start(captions, into: x, in: workspace)
    let pooled = workspace.tensor(rows: captions.segments.count, columns: configuration.width)
    let saved = try transformer.forward(
      x, captions.segments, pooling: captions.endRows, into: pooled, in: workspace)
    return Saved(transformer: saved, head: head.forward(pooled, into: embeddings, in: workspace))
  }

  /// The same result, keeping nothing.
  func embed(_ captions: PackedCaptions, into embeddings: Tensor, in workspace: Workspace) throws {
    try workspace.scope {
      let x = workspace.tensor(rows: captions.segments.rows, columns: configuration.width)
      start(captions, into: x, in: workspace)
      let pooled = workspace.tensor(rows: captions.segments.count, columns: configuration.width)
      try transformer.embed(x, captions.segments, pooling: captions.endRows, into: pooled, in: workspace)
      _ = head.forward(pooled, into: embeddings, in: workspace)
    }
  }

  /// Adds to the gradients of all parameters that are trained, from the gradient of the embeddings.
  func backward(_ gradient: Tensor, _ captions: PackedCaptions, _ saved: Saved, in workspace: Workspace) throws {
    try workspace.scope {
      guard locked <= configuration.layers else {
        return head.backward(gradient, saved.head, into: nil, in: workspace)
      }
      let dPooled = StreamGradient(rows: captions.segments.count, width: configuration.width, in: workspace)
      head.backward(gradient, saved.head, into: dPooled, in: workspace)
      let dx = StreamGradient(rows: captions.segments.rows, width: configuration.width, in: workspace)
      try transformer.backward(
        dPooled, captions.segments, pooling: captions.endRows, saved.transformer, into: dx, in: workspace)
      guard locked == 0 else { return }
      scatterAddRows(of: dx.values, captions.positions, to: positions.gradient)
      try tokens.backward(dx.values, captions.tokens, in: workspace)
    }
  }

  /// x = embedding of each token + its position.
  func start(_ captions: PackedCaptions, into x: Tensor, in workspace: Workspace) {
    workspace.scope {
      tokens.forward(captions.tokens, into: x)
      let table = workspace.tensor(rows: x.rows, columns: x.columns)
      gatherRows(of: positions.values, captions.positions, into: table)
      add(table, to: x)
    }
  }
}
