import Tensors

extension ImageTower {
  /// As ``embed(_:into:in:)``, and sets `states` (pictures · tokens, width) to what so many blocks made of all tokens;
  /// 0 stands for what enters the first.
  func embed(
    _ patches: Patches, into embeddings: Tensor, states: Tensor, after layer: Int, in workspace: Workspace
  ) throws {
    try workspace.scope {
      let segments = Segments(count: embeddings.rows, length: configuration.tokens)
      let x = workspace.tensor(rows: segments.rows, columns: configuration.width)
      let y = workspace.tensor(rows: segments.rows, columns: configuration.width)
      workspace.scope { _ = start(patches, into: x, in: workspace) }
      let end = transformer.depth - 1
      let middle = min(layer, end)
      try transformer.advance(x, segments, through: 0..<middle, into: states, in: workspace)
      try transformer.advance(states, segments, through: middle..<end, into: y, in: workspace)
      // The embedding is made by the same operations as without states, and so is the same to the last bit.
      if layer > end { try transformer.advance(y, segments, through: end..<layer, into: states, in: workspace) }
      let pooled = workspace.tensor(rows: segments.count, columns: configuration.width)
      let last = transformer.last
      try last.unit.withValues {
        _ = last.forward(
          y, segments, pooling: Array(segments.offsets.dropLast()), into: pooled, in: workspace)
      }
      _ = head.forward(pooled, into: embeddings, in: workspace)
    }
  }
}
