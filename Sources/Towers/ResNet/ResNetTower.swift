import Tensors

/// The ModifiedResNet of CLIP (paper, section 2.4): pixels in, one embedding of length 1 a picture out.
struct ResNetTower {
  let stem: [NormalizedConvolution]  // three of 3 × 3
  let blocks: [Bottleneck]
  let pool: AttentionPool
  let configuration: VisionConfiguration

  /// Declares the parameters under open_clip's names.
  init(_ configuration: VisionConfiguration, embedDim: Int, in store: ParameterStore) {
    self.configuration = configuration
    let width = configuration.width
    stem = [(3, width / 2, 2), (width / 2, width / 2, 1), (width / 2, width, 1)].enumerated().map {
      let (inputs, outputs, stride) = $1
      return NormalizedConvolution(
        convolution: Convolution(
          "visual.conv\($0 + 1)", inputs, to: outputs, size: 3, stride: stride, in: store),
        norm: BatchNorm("visual.bn\($0 + 1)", channels: outputs, in: store))
    }
    var blocks: [Bottleneck] = []
    var inputs = width
    for (stage, count) in configuration.stages.enumerated() {
      let planes = width << stage
      for index in 0..<count {
        blocks.append(
          Bottleneck(
            "visual.layer\(stage + 1).\(index)", inputs: inputs, planes: planes,
            stride: stage > 0 && index == 0 ? 2 : 1, in: store))
        inputs = planes * Bottleneck.expansion
      }
    }
    self.blocks = blocks
    pool = AttentionPool(
      "visual.attnpool", pixels: configuration.tokens - 1, channels: inputs, heads: configuration.heads,
      embedDim: embedDim, in: store)
  }

  /// Pixels the stem's pool averages, on a side.
  static let stemPool = 2

  /// What the backward twin needs.
  struct Saved {
    let stem: [NormalizedConvolution.Saved]
    let blocks: [Bottleneck.Saved]
    let pool: AttentionPool.Saved
  }

  /// - Parameters:
  ///   - pixels: (pictures · height · width, 3), normalised, in the type of activations.
  ///   - embeddings: (pictures, embedding).
  func forward(
    _ pixels: Tensor, into embeddings: Tensor, _ statistics: BatchStatistics, in workspace: Workspace
  ) throws -> Saved {
    var x = pixels, grid = grid(of: embeddings.rows)
    let stem = try stem.map { layer in
      let saved = try layer.forward(x, grid, statistics, in: workspace)
      (x, grid) = (saved.y, grid.strided(layer.convolution.stride))
      return saved
    }
    (x, grid) = pooled(x, grid, in: workspace)
    let blocks = try blocks.map { block in
      let saved = try block.forward(x, grid, statistics, in: workspace)
      (x, grid) = (saved.y, grid.pooled(block.stride))
      return saved
    }
    return Saved(stem: stem, blocks: blocks, pool: pool.forward(x, into: embeddings, in: workspace))
  }

  /// The same result, keeping nothing: memory does not grow with depth.
  ///
  /// - Parameter observe: told what the first so many blocks made, from none of them on.
  func embed(
    _ pixels: Tensor, into embeddings: Tensor, _ statistics: BatchStatistics, in workspace: Workspace,
    observing observe: (_ blocks: Int, _ x: Tensor) -> Void = { _, _ in }
  ) throws {
    try workspace.scope {
      var grid = grid(of: embeddings.rows)
      let first = grid.strided(2).pooled(Self.stemPool)
      // The largest results of the blocks are those of the first stage; two of them take turns.
      let rows = first.rows, columns = configuration.width * Bottleneck.expansion
      var x = workspace.activations(rows: rows, columns: columns)
      var next = workspace.activations(rows: rows, columns: columns)
      try workspace.scope {
        var y = pixels
        for layer in stem {
          let saved = try layer.forward(y, grid, statistics, in: workspace)
          (y, grid) = (saved.y, grid.strided(layer.convolution.stride))
        }
        averagePool(y, grid, size: Self.stemPool, into: x.beginning(rows: first.rows, columns: configuration.width))
      }
      grid = first
      var channels = configuration.width
      for (done, block) in blocks.enumerated() {
        observe(done, x.beginning(rows: grid.rows, columns: channels))
        try workspace.scope {
          let saved = try block.forward(
            x.beginning(rows: grid.rows, columns: channels), grid, statistics, in: workspace)
          (grid, channels) = (grid.pooled(block.stride), saved.y.columns)
          copySame(saved.y, into: next.beginning(rows: grid.rows, columns: channels))
        }
        swap(&x, &next)
      }
      observe(blocks.count, x.beginning(rows: grid.rows, columns: channels))
      _ = pool.forward(x.beginning(rows: grid.rows, columns: channels), into: embeddings, in: workspace)
    }
  }

  /// Adds to the gradients of all parameters, from the gradient of the embeddings.
  func backward(_ gradient: Tensor, _ saved: Saved, in workspace: Workspace) throws {
    try workspace.scope {
      let last = saved.blocks[saved.blocks.count - 1].y
      var dy = workspace.activations(rows: last.rows, columns: last.columns)
      pool.backward(gradient, saved.pool, into: dy, in: workspace)
      for (block, saved) in zip(blocks, saved.blocks).reversed() {
        let dx = workspace.activations(rows: saved.reduce.x.rows, columns: saved.reduce.x.columns)
        try block.backward(dy, saved, into: dx, in: workspace)
        dy = dx
      }
      let outermost = saved.stem[saved.stem.count - 1].y
      let grid = grid(of: gradient.rows).strided(2)
      var dStem = workspace.activations(rows: outermost.rows, columns: outermost.columns)
      averagePoolBackward(dy, grid, size: Self.stemPool, into: dStem)
      for (index, layer) in stem.enumerated().reversed() {
        let saved = saved.stem[index]
        rectifierBackward(dStem, y: saved.y, into: dStem)
        // Pixels need no gradient.
        let dx = index > 0 ? workspace.activations(rows: saved.x.rows, columns: saved.x.columns) : nil
        try layer.backward(dStem, saved, into: dx, in: workspace)
        dStem = dx ?? dStem
      }
    }
  }

  private func grid(of pictures: Int) -> PictureGrid {
    PictureGrid(count: pictures, height: configuration.imageHeight, width: configuration.imageWidth)
  }

  private func pooled(_ x: Tensor, _ grid: PictureGrid, in workspace: Workspace) -> (Tensor, PictureGrid) {
    let made = grid.pooled(Self.stemPool)
    let y = workspace.activations(rows: made.rows, columns: x.columns)
    averagePool(x, grid, size: Self.stemPool, into: y)
    return (y, made)
  }
}
