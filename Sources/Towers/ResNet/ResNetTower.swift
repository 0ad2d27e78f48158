import Tensors

/// The ModifiedResNet of CLIP (paper, section 2.4): pixels in, one embedding of length 1 a picture out.
struct ResNetTower {
  let stem: [NormalizedConvolution]  // three of 3 × 3
  let blocks: [Bottleneck]
  let pool: AttentionPool
  let configuration: VisionConfiguration
  /// How many groups of layers at the beginning are locked.
  let locked: Int
  /// Whether the backward twin computes blocks again.
  let recomputes: Bool

  /// Declares the parameters under open_clip's names.
  init(_ configuration: VisionConfiguration, embedDim: Int, _ training: TowerTraining, in store: ParameterStore) {
    self.configuration = configuration
    locked = training.lockedImageGroups
    recomputes = training.recomputesBlocks
    let width = configuration.width, locked = locked
    stem = [(3, width / 2, 2), (width / 2, width / 2, 1), (width / 2, width, 1)].enumerated().map {
      let (number, (inputs, outputs, stride)) = ($0 + 1, $1)
      return store.locking(locked > 0) {
        NormalizedConvolution(
          convolution: Convolution(
            "visual.conv\(number)", inputs, to: outputs, size: 3, stride: stride, in: store),
          norm: BatchNorm("visual.bn\(number)", channels: outputs, in: store))
      }
    }
    var blocks: [Bottleneck] = []
    var inputs = width
    for (stage, count) in configuration.stages.enumerated() {
      let planes = width << stage
      for index in 0..<count {
        let block = store.locking(locked > stage + 1) {
          Bottleneck(
            "visual.layer\(stage + 1).\(index)", inputs: inputs, planes: planes,
            stride: stage > 0 && index == 0 ? 2 : 1, in: store)
        }
        blocks.append(block)
        inputs = planes * Bottleneck.expansion
      }
    }
    self.blocks = blocks
    pool = store.locking(locked == configuration.groups) {
      AttentionPool(
        "visual.attnpool", pixels: configuration.tokens - 1, channels: inputs, heads: configuration.heads,
        embedDim: embedDim, in: store)
    }
  }

  /// Pixels the stem's pool averages, on a side.
  static let stemPool = 2

  /// Blocks that are locked, all of them in the first stages.
  private var lockedBlocks: Int { configuration.stages.prefix(max(locked - 1, 0)).reduce(0, +) }

  /// What the backward twin needs of a block.
  enum SavedBlock {
    case whole(Bottleneck.Saved)
    /// What enters it.
    case input(Tensor, PictureGrid)

    /// What enters it, (pixels, inputs).
    var x: Tensor {
      switch self {
      case .whole(let saved): saved.reduce.x
      case .input(let x, _): x
      }
    }
  }

  /// What the backward twin needs.
  struct Saved {
    /// Of the stem, unless it is locked.
    let stem: [NormalizedConvolution.Saved]
    /// Of the blocks that are trained.
    let blocks: [SavedBlock]
    let pool: AttentionPool.Saved
    /// What enters the pool.
    let last: Tensor
    /// What batch norm takes where blocks are computed again: the same, without moving anything.
    let statistics: BatchStatistics
  }

  /// - Parameters:
  ///   - pixels: (pictures · height · width, 3), normalised, in the type of activations.
  ///   - embeddings: (pictures, embedding).
  func forward(
    _ pixels: Tensor, into embeddings: Tensor, _ statistics: BatchStatistics, in workspace: Workspace
  ) throws -> Saved {
    guard locked == 0 else {
      let (x, grid) = try embed(
        pixels, grid(of: embeddings.rows), through: lockedBlocks, statistics, in: workspace)
      return try forward(x, grid, stem: [], into: embeddings, statistics, in: workspace)
    }
    var x = pixels, grid = grid(of: embeddings.rows)
    let stem = try stem.map { layer in
      let saved = try layer.forward(x, grid, statistics, in: workspace)
      (x, grid) = (saved.y, grid.strided(layer.convolution.stride))
      return saved
    }
    (x, grid) = pooled(x, grid, in: workspace)
    return try forward(x, grid, stem: stem, into: embeddings, statistics, in: workspace)
  }

  /// Blocks that are trained, and the pool.
  private func forward(
    _ x: Tensor, _ grid: PictureGrid, stem: [NormalizedConvolution.Saved], into embeddings: Tensor,
    _ statistics: BatchStatistics, in workspace: Workspace
  ) throws -> Saved {
    var x = x, grid = grid
    let saved = try blocks[lockedBlocks...].map { block in
      let saved: SavedBlock, y: Tensor, made = grid.pooled(block.stride)
      if recomputes {
        y = workspace.activations(rows: made.rows, columns: block.expand.convolution.outputs)
        try workspace.scope { copySame(try block.forward(x, grid, statistics, in: workspace).y, into: y) }
        saved = .input(x, grid)
      } else {
        let whole = try block.forward(x, grid, statistics, in: workspace)
        (saved, y) = (.whole(whole), whole.y)
      }
      (x, grid) = (y, made)
      return saved
    }
    return Saved(
      stem: stem, blocks: saved, pool: pool.forward(x, into: embeddings, in: workspace), last: x,
      statistics: statistics.repeated)
  }

  /// The same result, keeping nothing: memory does not grow with depth.
  ///
  /// - Parameter observe: told what the first so many blocks made, from none of them on.
  func embed(
    _ pixels: Tensor, into embeddings: Tensor, as kind: PictureFeatures = .embedding, _ statistics: BatchStatistics,
    in workspace: Workspace, observing observe: (_ blocks: Int, _ x: Tensor) -> Void = { _, _ in }
  ) throws {
    try workspace.scope {
      let (x, _) = try embed(
        pixels, grid(of: embeddings.rows), through: blocks.count, statistics, in: workspace, observing: observe)
      pool.write(kind, of: x, into: embeddings, in: workspace)
    }
  }

  /// What the stem and some blocks make of pixels, keeping nothing; locked ones take the running statistics.
  private func embed(
    _ pixels: Tensor, _ grid: PictureGrid, through count: Int, _ statistics: BatchStatistics, in workspace: Workspace,
    observing observe: (_ blocks: Int, _ x: Tensor) -> Void = { _, _ in }
  ) throws -> (x: Tensor, grid: PictureGrid) {
    let first = grid.strided(2).pooled(Self.stemPool)
    // The largest results of the blocks are those of the first stage; two of them take turns.
    let rows = first.rows, columns = configuration.width * Bottleneck.expansion
    var x = workspace.activations(rows: rows, columns: columns)
    var next = workspace.activations(rows: rows, columns: columns)
    try workspace.scope {
      var y = pixels, grid = grid
      for layer in stem {
        let saved = try layer.forward(y, grid, locked > 0 ? .running : statistics, in: workspace)
        (y, grid) = (saved.y, grid.strided(layer.convolution.stride))
      }
      averagePool(y, grid, size: Self.stemPool, into: x.beginning(rows: first.rows, columns: configuration.width))
    }
    var grid = first, channels = configuration.width
    for (index, block) in blocks[..<count].enumerated() {
      observe(index, x.beginning(rows: grid.rows, columns: channels))
      try workspace.scope {
        let saved = try block.forward(
          x.beginning(rows: grid.rows, columns: channels), grid, index < lockedBlocks ? .running : statistics,
          in: workspace)
        (grid, channels) = (grid.pooled(block.stride), saved.y.columns)
        copySame(saved.y, into: next.beginning(rows: grid.rows, columns: channels))
      }
      swap(&x, &next)
    }
    let y = x.beginning(rows: grid.rows, columns: channels)
    observe(count, y)
    return (y, grid)
  }

  /// Adds to the gradients of all parameters that are trained, from the gradient of the embeddings.
  func backward(_ gradient: Tensor, _ saved: Saved, in workspace: Workspace) throws {
    try workspace.scope {
      var dy = workspace.activations(rows: saved.last.rows, columns: saved.last.columns)
      pool.backward(gradient, saved.pool, into: dy, in: workspace)
      dy = try backwardBlocks(dy, saved, in: workspace)
      guard let outermost = saved.stem.last?.y else { return }
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

  /// The gradient of what enters the first block that is trained, from that of what enters the pool, which it changes.
  func backwardBlocks(_ dy: Tensor, _ saved: Saved, in workspace: Workspace) throws -> Tensor {
    let largest = saved.blocks.map(\.x.count).max() ?? 0
    // Two of the largest gradients take turns: all of them would take as much as all that is kept for them.
    var (dy, next) = (dy, workspace.activations(rows: 1, columns: largest))
    var other = workspace.activations(rows: 1, columns: largest)
    for (block, savedBlock) in zip(blocks[lockedBlocks...], saved.blocks).reversed() {
      let dx = next.beginning(rows: savedBlock.x.rows, columns: savedBlock.x.columns)
      try workspace.scope {
        let whole =
          switch savedBlock {
          case .whole(let whole): whole
          case .input(let x, let grid): try block.forward(x, grid, saved.statistics, in: workspace)
          }
        try block.backward(dy, whole, into: dx, in: workspace)
      }
      dy = dx
      swap(&next, &other)
    }
    return dy
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
