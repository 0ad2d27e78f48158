import Tensors

extension ResNetTower {
  /// See ``PictureTower/inputGradients(from:_:in:)``.
  func inputGradients(from gradient: Tensor, _ saved: Saved, in workspace: Workspace) throws -> InputGradients {
    try workspace.scope {
      let dLast = workspace.activations(rows: saved.last.rows, columns: saved.last.columns)
      pool.backward(gradient, saved.pool, into: dLast, in: workspace)
      let features = dLast.values
      let dy = try backwardBlocks(dLast, saved, in: workspace)
      let outermost = saved.stem[saved.stem.count - 1]
      var dStem = workspace.activations(rows: outermost.y.rows, columns: outermost.y.columns)
      averagePoolBackward(dy, outermost.grid, size: Self.stemPool, into: dStem)
      for (layer, saved) in zip(stem, saved.stem).reversed() {
        rectifierBackward(dStem, y: saved.y, into: dStem)
        let dx = workspace.activations(rows: saved.x.rows, columns: saved.x.columns)
        try layer.backward(dStem, saved, into: dx, in: workspace)
        dStem = dx
      }
      let pixels = dStem.values
      return InputGradients(
        pixels: (0..<3).flatMap { channel in stride(from: channel, to: pixels.count, by: 3).map { pixels[$0] } },
        features: features)
    }
  }
}
