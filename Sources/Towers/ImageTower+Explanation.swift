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
      let last = transformer.last
      try last.unit.withGradients {
        last.backward(dPooled, picture, pooling: [0], saved.transformer.last, into: dx, in: workspace)
      }
      let features = dx.values.rows(1..<tokens).values
      for (block, saved) in zip(transformer.blocks, saved.transformer.blocks).reversed() {
        try block.unit.withGradients { block.backward(dx, picture, saved, in: workspace) }
      }
      let dTokens = workspace.tensor(rows: tokens, columns: width)
      zero(dTokens)
      normBefore.backward(dx.values, x: saved.tokens, statistics: saved.statistics, addingTo: dTokens)
      let dPatches = workspace.tensor(rows: saved.patches.rows, columns: saved.patches.columns)
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
