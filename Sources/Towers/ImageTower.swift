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
  /// How many groups of layers at the beginning are locked.
  let locked: Int

  /// Declares the parameters under open_clip's names, to be drawn as CLIP's own code leaves them: what it does not set
  /// itself has PyTorch's defaults for a convolution, a linear layer and multi-head attention.
  init(
    _ configuration: VisionConfiguration, embedDim: Int, activation: Activation, _ training: TowerTraining,
    in store: ParameterStore
  ) {
    self.configuration = configuration
    let locked = training.lockedImageGroups, layers = configuration.layers
    self.locked = locked
    let width = configuration.width, hidden = configuration.mlpWidth, patch = configuration.patchSize
    let deviation = 1 / Float(width).squareRoot()
    (classEmbedding, positions) = store.locking(locked > 0) {
      (
        store.declare("visual.class_embedding", [width], .normal(deviation)),
        store.declare("visual.positional_embedding", [configuration.tokens, width], .normal(deviation))
      )
    }
    let projection = store.locking(locked > layers + 1) {
      store.declare("visual.proj", [width, embedDim], .normal(deviation), isFactor: true)
    }
    (convolution, normBefore) = store.locking(locked > 0) {
      (
        Linear(
          weight: store.declare(
            "visual.conv1.weight", [width, 3, patch, patch], .fanIn(3 * patch * patch), isFactor: true), bias: nil),
        LayerNorm("visual.ln_pre", width: width, in: store)
      )
    }
    let blocks = (0..<layers).map { layer in
      store.locking(locked > layer + 1) {
        ResidualBlock(
          "visual.transformer.resblocks.\(layer)", width: width, hidden: hidden, heads: configuration.heads,
          isCausal: false, activation: activation,
          BlockInitializers(
            qkv: .uniform((1.5 / Float(width)).squareRoot()), output: .fanIn(width), input: .fanIn(width),
            projection: .fanIn(hidden)),
          in: store)
      }
    }
    transformer = Transformer(
      blocks: blocks, width: width, locked: max(locked - 1, 0), recomputes: training.recomputesBlocks)
    let norm = store.locking(locked > layers) { LayerNorm("visual.ln_post", width: width, in: store) }
    head = EmbeddingHead(norm: norm, projection: Projection(weight: projection))
  }

  /// What the backward twin needs.
  struct Saved {
    /// Unless what makes tokens is locked.
    let start: Start?
    let transformer: Transformer.Saved
    let head: EmbeddingHead.Saved
    /// Tokens of a picture.
    let tokens: Int

    /// What makes tokens.
    struct Start {
      let patches: Patches
      let tokens: Tensor  // (pictures · tokens, width), before the first norm
      let statistics: Tensor
    }
  }

  /// - Parameter embeddings: (pictures, embedding).
  func forward(_ patches: Patches, into embeddings: Tensor, in workspace: Workspace) throws -> Saved {
    let (segments, rows) = layout(pictures: embeddings.rows, tokens: patches.tokens)
    let x = workspace.tensor(rows: segments.rows, columns: configuration.width)
    let saved = locked == 0 ? start(patches, into: x, in: workspace) : nil
    if saved == nil { workspace.scope { _ = start(patches, into: x, in: workspace) } }
    let pooled = workspace.tensor(rows: segments.count, columns: configuration.width)
    let transformer = try transformer.forward(x, segments, pooling: rows, into: pooled, in: workspace)
    return Saved(
      start: saved, transformer: transformer, head: head.forward(pooled, into: embeddings, in: workspace),
      tokens: patches.tokens)
  }

  /// The same result, keeping nothing.
  func embed(
    _ patches: Patches, into embeddings: Tensor, as kind: PictureFeatures = .embedding, in workspace: Workspace
  ) throws {
    try workspace.scope {
      let (segments, rows) = layout(pictures: embeddings.rows, tokens: patches.tokens)
      let x = workspace.tensor(rows: segments.rows, columns: configuration.width)
      workspace.scope { _ = start(patches, into: x, in: workspace) }
      let pooled = workspace.tensor(rows: segments.count, columns: configuration.width)
      try transformer.embed(x, segments, pooling: rows, into: pooled, in: workspace)
      head.write(kind, of: pooled, into: embeddings, in: workspace)
    }
  }

  /// Adds to the gradients of all parameters that are trained, from the gradient of the embeddings.
  func backward(_ gradient: Tensor, _ saved: Saved, in workspace: Workspace) throws {
    try workspace.scope {
      guard locked <= configuration.layers else {
        return head.backward(gradient, saved.head, into: nil, in: workspace)
      }
      let width = configuration.width
      let (segments, rows) = layout(pictures: gradient.rows, tokens: saved.tokens)
      let dPooled = StreamGradient(rows: segments.count, width: width, in: workspace)
      head.backward(gradient, saved.head, into: dPooled, in: workspace)
      let dx = StreamGradient(rows: segments.rows, width: width, in: workspace)
      try transformer.backward(dPooled, segments, pooling: rows, saved.transformer, into: dx, in: workspace)
      guard let start = saved.start else { return }
      let dTokens = workspace.tensor(rows: segments.rows, columns: width)
      zero(dTokens)
      normBefore.backward(dx.values, x: start.tokens, statistics: start.statistics, addingTo: dTokens)

      // One row a picture: the class token, then the patches.
      let pictures = dTokens.reshaped(columns: saved.tokens * width)
      if let places = start.patches.places {
        scatterAddRows(of: dTokens, places, to: positions.gradient)
      } else {
        addColumnSums(of: pictures, to: positions.gradient.reshaped(columns: pictures.columns))
      }
      addColumnSums(of: pictures.columns(0..<width), to: classEmbedding.gradient)
      let dPatches = workspace.tensor(rows: start.patches.pixels.rows, columns: width)
      copy(
        pictures.columns(width..<pictures.columns), into: dPatches.reshaped(columns: pictures.columns - width))
      convolution.backward(workspace.operand(dPatches), x: start.patches.pixels, into: nil)
    }
  }

  /// tokens = (class, convolved patches) + positions; x = norm(tokens).
  func start(_ patches: Patches, into x: Tensor, in workspace: Workspace) -> Saved.Start {
    let saved = Saved.Start(
      patches: patches, tokens: workspace.tensor(rows: x.rows, columns: x.columns),
      statistics: workspace.tensor(rows: x.rows, columns: 2))
    workspace.scope {
      let width = configuration.width
      let convolved = workspace.tensor(rows: patches.pixels.rows, columns: width)
      convolution.forward(patches.pixels, into: convolved)
      let pictures = saved.tokens.reshaped(columns: patches.tokens * width)
      let first = pictures.columns(0..<width), rest = pictures.columns(width..<pictures.columns)
      let own = convolved.reshaped(columns: rest.columns)
      if let places = patches.places {
        repeatRow(classEmbedding.values, into: first)
        copy(own, into: rest)
        let table = workspace.tensor(rows: x.rows, columns: width)
        gatherRows(of: positions.values, places, into: table)
        add(table, to: saved.tokens)
      } else {
        let table = positions.values.reshaped(columns: pictures.columns)
        let sum = workspace.tensor(rows: 1, columns: width)
        add(bias: classEmbedding.values, to: table.columns(0..<width), into: sum)
        repeatRow(sum, into: first)
        add(bias: table.columns(width..<table.columns), to: own, into: rest)
      }
      normBefore.forward(saved.tokens, into: x, statistics: saved.statistics)
    }
    return saved
  }

  /// The tokens of each picture are a segment; the class token, its first row, goes on to the head.
  private func layout(pictures: Int, tokens: Int) -> (Segments, [Int32]) {
    let segments = Segments(count: pictures, length: tokens)
    return (segments, Array(segments.offsets.dropLast()))
  }
}
