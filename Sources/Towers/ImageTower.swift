import Tensors

/// The Vision Transformer of CLIP: patches in, one embedding of length 1 a picture out.
struct ImageTower {
  let convolution: Linear  // patch → width; a convolution whose stride is its size
  let classEmbedding: Parameter  // (width)
  let positions: Parameter  // (tokens, width)
  let normBefore: LayerNorm
  let transformer: Transformer
  let head: EmbeddingHead
  let configuration: VisionConfiguration

  /// Declares the parameters under open_clip's names, to be drawn as CLIP's own code leaves them: what it does not set
  /// itself has PyTorch's defaults for a convolution, a linear layer and multi-head attention.
  init(_ configuration: VisionConfiguration, embedDim: Int, activation: Activation, in store: ParameterStore) {
    self.configuration = configuration
    let width = configuration.width, hidden = configuration.mlpWidth, patch = configuration.patchSize
    let deviation = 1 / Float(width).squareRoot()
    classEmbedding = store.declare("visual.class_embedding", [width], .normal(deviation))
    positions = store.declare("visual.positional_embedding", [configuration.tokens, width], .normal(deviation))
    let projection = store.declare("visual.proj", [width, embedDim], .normal(deviation), isFactor: true)
    convolution = Linear(
      weight: store.declare(
        "visual.conv1.weight", [width, 3, patch, patch], .fanIn(3 * patch * patch), isFactor: true), bias: nil)
    normBefore = LayerNorm("visual.ln_pre", width: width, in: store)
    let blocks = (0..<configuration.layers).map { layer in
      ResidualBlock(
        "visual.transformer.resblocks.\(layer)", width: width, hidden: hidden, heads: configuration.heads,
        isCausal: false, activation: activation,
        BlockInitializers(
          qkv: .uniform((1.5 / Float(width)).squareRoot()), output: .fanIn(width), input: .fanIn(width),
          projection: .fanIn(hidden)),
        in: store)
    }
    transformer = Transformer(blocks: blocks, width: width)
    head = EmbeddingHead(
      norm: LayerNorm("visual.ln_post", width: width, in: store), projection: Projection(weight: projection))
  }

  /// What the backward twin needs.
  struct Saved {
    let patches: Tensor  // (pictures · patches, 3 · patch²)
    let tokens: Tensor  // (pictures · tokens, width), before the first norm
    let statistics: Tensor
    let transformer: Transformer.Saved
    let head: EmbeddingHead.Saved
  }

  /// - Parameters:
  ///   - patches: (pictures · patches, 3 · patch²), as ``Tensors/patches(of:height:width:patch:mean:deviation:into:)``
  ///     makes them.
  ///   - embeddings: (pictures, embedding).
  func forward(_ patches: Tensor, into embeddings: Tensor, in workspace: Workspace) throws -> Saved {
    let (segments, rows) = layout(pictures: embeddings.rows)
    let tokens = workspace.tensor(rows: segments.rows, columns: configuration.width)
    let statistics = workspace.tensor(rows: segments.rows, columns: 2)
    let x = workspace.tensor(rows: segments.rows, columns: configuration.width)
    start(patches, tokens: tokens, statistics: statistics, into: x, in: workspace)
    let pooled = workspace.tensor(rows: segments.count, columns: configuration.width)
    let saved = try transformer.forward(x, segments, pooling: rows, into: pooled, in: workspace)
    let headSaved = head.forward(pooled, into: embeddings, in: workspace)
    return Saved(patches: patches, tokens: tokens, statistics: statistics, transformer: saved, head: headSaved)
  }

  /// The same result, keeping nothing.
  func embed(_ patches: Tensor, into embeddings: Tensor, in workspace: Workspace) throws {
    try workspace.scope {
      let (segments, rows) = layout(pictures: embeddings.rows)
      let x = workspace.tensor(rows: segments.rows, columns: configuration.width)
      workspace.scope {
        let tokens = workspace.tensor(rows: segments.rows, columns: configuration.width)
        start(patches, tokens: tokens, statistics: nil, into: x, in: workspace)
      }
      let pooled = workspace.tensor(rows: segments.count, columns: configuration.width)
      try transformer.embed(x, segments, pooling: rows, into: pooled, in: workspace)
      _ = head.forward(pooled, into: embeddings, in: workspace)
    }
  }

  /// Adds to the gradients of all parameters, from the gradient of the embeddings.
  func backward(_ gradient: Tensor, _ saved: Saved, in workspace: Workspace) throws {
    try workspace.scope {
      let width = configuration.width
      let (segments, rows) = layout(pictures: gradient.rows)
      let dPooled = StreamGradient(rows: segments.count, width: width, in: workspace)
      head.backward(gradient, saved.head, into: dPooled, in: workspace)
      let dx = StreamGradient(rows: segments.rows, width: width, in: workspace)
      try transformer.backward(dPooled, segments, pooling: rows, saved.transformer, into: dx, in: workspace)
      let dTokens = workspace.tensor(rows: segments.rows, columns: width)
      zero(dTokens)
      normBefore.backward(dx.values, x: saved.tokens, statistics: saved.statistics, addingTo: dTokens)

      // One row a picture: the class token, then the patches.
      let pictures = dTokens.reshaped(columns: configuration.tokens * width)
      addColumnSums(of: pictures, to: positions.gradient.reshaped(columns: pictures.columns))
      addColumnSums(of: pictures.columns(0..<width), to: classEmbedding.gradient)
      let dPatches = workspace.tensor(rows: saved.patches.rows, columns: width)
      copy(
        pictures.columns(width..<pictures.columns), into: dPatches.reshaped(columns: pictures.columns - width))
      convolution.backward(workspace.operand(dPatches), x: saved.patches, into: nil)
    }
  }

  /// tokens = (class, convolved patches) + positions; x = norm(tokens).
  func start(
    _ patches: Tensor, tokens: Tensor, statistics: Tensor?, into x: Tensor, in workspace: Workspace
  ) {
    workspace.scope {
      let width = configuration.width
      let convolved = workspace.tensor(rows: patches.rows, columns: width)
      convolution.forward(patches, into: convolved)
      let pictures = tokens.reshaped(columns: configuration.tokens * width)
      let table = positions.values.reshaped(columns: pictures.columns)
      let first = workspace.tensor(rows: 1, columns: width)
      add(bias: classEmbedding.values, to: table.columns(0..<width), into: first)
      repeatRow(first, into: pictures.columns(0..<width))
      add(
        bias: table.columns(width..<table.columns), to: convolved.reshaped(columns: pictures.columns - width),
        into: pictures.columns(width..<pictures.columns))
      normBefore.forward(tokens, into: x, statistics: statistics)
    }
  }

  /// The tokens of each picture are a segment; the class token, its first row, goes on to the head.
  private func layout(pictures: Int) -> (Segments, [Int32]) {
    let segments = Segments(count: pictures, length: configuration.tokens)
    return (segments, Array(segments.offsets.dropLast()))
  }
}
