import Tensors

extension ImageTower {
  /// See ``PictureTower/inputGradients(from:_:in:)``.
  func inputGradients(from gradient: Tensor, _ saved: Saved, in workspace: Workspace) throws -> InputGradients {
    try workspace.scope {
      let width = configuration.width, tokens = configuration.tokens
      let picture = Segments(count: 1, length: tokens)
      let dPooled = StreamGradient(rows: 1, width: width, in: workspace)
      head.backward(gradient, saved.head, into: dPooled, in: workspace)
      let dx = StreamGradient(rows: tokens, width: width, in: workspace)
      try transformer.backwardLast(dPooled, picture, pooling: [0], saved.transformer, into: dx, in: workspace)
      let features = dx.values.rows(1..<tokens).values
      try transformer.backwardBlocks(dx, picture, saved.transformer, in: workspace)
      guard let start = saved.start else { preconditionFailure("nothing is kept of what is locked") }
      let dTokens = workspace.tensor(rows: tokens, columns: width)
      zero(dTokens)
      normBefore.backward(dx.values, x: start.tokens, statistics: start.statistics, addingTo: dTokens)
      let dPatches = workspace.tensor(rows: start.patches.pixels.rows, columns: start.patches.pixels.columns)
      multiply(dTokens.rows(1..<tokens), convolution.weight.values, into: dPatches)
      return InputGradients(pixels: pixels(of: dPatches.values), features: features)
    }
  }

  /// The patches of one picture, (patches, 3 · patch²), put together: (3, height, width).
  private func pixels(of patches: [Float]) -> [Float] {
    let side = configuration.patchSize, columns = configuration.gridWidth
    let height = configuration.imageHeight, width = configuration.imageWidth
    var pixels: [Float] = []
    pixels.reserveCapacity(patches.count)
    for channel in 0..<3 {
      for y in 0..<height {
        for x in 0..<width {
          let patch = y / side * columns + x / side
          pixels.append(patches[((patch * 3 + channel) * side + y % side) * side + x % side])
        }
      }
    }
    return pixels
  }
}
