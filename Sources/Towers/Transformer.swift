import Tensors

/// A stack of residual blocks that ends in one token of each segment.
///
/// Each block is a unit that ranks may share: it is brought together when it is computed with, which may fail.
struct Transformer {
  let blocks: [ResidualBlock]  // all but the last
  let last: PooledBlock
  let width: Int

  /// - Precondition: at least one block.
  init(blocks: [ResidualBlock], width: Int) {
    self.blocks = Array(blocks.dropLast())
    last = PooledBlock(blocks[blocks.count - 1])
    self.width = width
  }

  /// What the backward twin needs.
  struct Saved {
    let blocks: [ResidualBlock.Saved]
    let last: PooledBlock.Saved
  }

  /// - Parameters:
  ///   - x: (tokens, width).
  ///   - rows: the row of x that goes on, one a segment.
  ///   - y: (segments, width).
  func forward(_ x: Tensor, _ segments: Segments, pooling rows: [Int32], into y: Tensor, in workspace: Workspace)
    throws -> Saved
  {
    var x = x
    var saved: [ResidualBlock.Saved] = []
    saved.reserveCapacity(blocks.count)
    for block in blocks {
      let next = workspace.tensor(rows: x.rows, columns: width)
      saved.append(try block.unit.withValues { block.forward(x, segments, into: next, in: workspace) })
      x = next
    }
    return Saved(
      blocks: saved,
      last: try last.unit.withValues { last.forward(x, segments, pooling: rows, into: y, in: workspace) })
  }

  /// The same result, keeping nothing: memory does not grow with depth. Changes `x`.
  func embed(_ x: Tensor, _ segments: Segments, pooling rows: [Int32], into y: Tensor, in workspace: Workspace) throws {
    try workspace.scope {
      var x = x
      var next = workspace.tensor(rows: x.rows, columns: width)
      for block in blocks {
        try block.unit.withValues {
          workspace.scope { _ = block.forward(x, segments, into: next, in: workspace) }
        }
        swap(&x, &next)
      }
      try last.unit.withValues { _ = last.forward(x, segments, pooling: rows, into: y, in: workspace) }
    }
  }

  /// Sets `dx` (tokens, width) from `gradient` (segments, width), which it changes.
  func backward(
    _ gradient: StreamGradient, _ segments: Segments, pooling rows: [Int32], _ saved: Saved, into dx: StreamGradient,
    in workspace: Workspace
  ) throws {
    try last.unit.withGradients {
      last.backward(gradient, segments, pooling: rows, saved.last, into: dx, in: workspace)
    }
    for (block, saved) in zip(blocks, saved.blocks).reversed() {
      try block.unit.withGradients { block.backward(dx, segments, saved, in: workspace) }
    }
  }
}
