import Tensors

/// Three convolutions beside a shortcut. Where pictures shrink, pixels are averaged before the last one and in the shortcut,
/// rather than skipped: the paper's anti-aliasing.
struct Bottleneck {
  let reduce: NormalizedConvolution  // 1 × 1, inputs → planes
  let look: NormalizedConvolution  // 3 × 3, planes → planes
  let expand: NormalizedConvolution  // 1 × 1, planes → 4 · planes
  let shortcut: NormalizedConvolution?  // 1 × 1, where sizes or channels differ
  let stride: Int

  static let expansion = 4

  init(_ name: String, inputs: Int, planes: Int, stride: Int, in store: ParameterStore) {
    let outputs = planes * Self.expansion
    func layer(_ convolution: String, _ norm: String, _ inputs: Int, _ outputs: Int, size: Int, gain: Float = 1)
      -> NormalizedConvolution
    {
      NormalizedConvolution(
        convolution: Convolution("\(name).\(convolution)", inputs, to: outputs, size: size, in: store),
        norm: BatchNorm("\(name).\(norm)", channels: outputs, initialWeight: gain, in: store))
    }
    reduce = layer("conv1", "bn1", inputs, planes, size: 1)
    look = layer("conv2", "bn2", planes, planes, size: 3)
    // A block that begins as its shortcut.
    expand = layer("conv3", "bn3", planes, outputs, size: 1, gain: 0)
    shortcut =
      stride > 1 || inputs != outputs ? layer("downsample.0", "downsample.1", inputs, outputs, size: 1) : nil
    self.stride = stride
  }

  /// What the backward twin needs.
  struct Saved {
    let reduce: NormalizedConvolution.Saved
    let look: NormalizedConvolution.Saved
    let expand: NormalizedConvolution.Saved
    let shortcut: NormalizedConvolution.Saved?

    var y: Tensor { expand.y }
  }

  /// - Parameter x: (pixels, inputs), the pictures of `grid`; the result has those of `grid.pooled(stride)`.
  func forward(_ x: Tensor, _ grid: PictureGrid, _ statistics: BatchStatistics, in workspace: Workspace) throws -> Saved
  {
    let pooled = grid.pooled(stride)
    let reduced = try reduce.forward(x, grid, statistics, in: workspace)
    let looked = try look.forward(reduced.y, grid, statistics, in: workspace)
    let besides = try shortcut?.forward(
      pool(x, grid, in: workspace), pooled, rectifying: false, statistics, in: workspace)
    let expanded = try expand.forward(
      pool(looked.y, grid, in: workspace), pooled, adding: besides?.y ?? x, statistics, in: workspace)
    return Saved(reduce: reduced, look: looked, expand: expanded, shortcut: besides)
  }

  /// Sets `dx` (pixels, inputs) from `dy`, which it changes.
  func backward(_ dy: Tensor, _ saved: Saved, into dx: Tensor, in workspace: Workspace) throws {
    try workspace.scope {
      let grid = saved.reduce.grid
      rectifierBackward(dy, y: saved.y, into: dy)
      // What goes on through the shortcut, before dy is changed.
      if let shortcut, let saved = saved.shortcut {
        let dShortcut = workspace.activations(rows: dy.rows, columns: dy.columns)
        copySame(dy, into: dShortcut)
        let dPooled = workspace.activations(rows: saved.x.rows, columns: dx.columns)
        try shortcut.backward(dShortcut, saved, into: dPooled, in: workspace)
        poolBackward(dPooled, grid, into: dx)
      } else {
        copySame(dy, into: dx)
      }
      let dPooled = workspace.activations(rows: dy.rows, columns: saved.expand.x.columns)
      try expand.backward(dy, saved.expand, into: dPooled, in: workspace)
      let dLooked = workspace.activations(rows: grid.rows, columns: dPooled.columns)
      poolBackward(dPooled, grid, into: dLooked)
      rectifierBackward(dLooked, y: saved.look.y, into: dLooked)
      let dReduced = workspace.activations(rows: grid.rows, columns: dPooled.columns)
      try look.backward(dLooked, saved.look, into: dReduced, in: workspace)
      rectifierBackward(dReduced, y: saved.reduce.y, into: dReduced)
      let dDirect = workspace.activations(rows: grid.rows, columns: dx.columns)
      try reduce.backward(dReduced, saved.reduce, into: dDirect, in: workspace)
      addSame(dDirect, to: dx)
    }
  }

  private func pool(_ x: Tensor, _ grid: PictureGrid, in workspace: Workspace) -> Tensor {
    guard stride > 1 else { return x }
    let pooled = workspace.activations(rows: grid.pooled(stride).rows, columns: x.columns)
    averagePool(x, grid, size: stride, into: pooled)
    return pooled
  }

  private func poolBackward(_ dy: Tensor, _ grid: PictureGrid, into dx: Tensor) {
    if stride > 1 { averagePoolBackward(dy, grid, size: stride, into: dx) } else { copySame(dy, into: dx) }
  }
}
