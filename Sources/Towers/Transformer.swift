import Tensors

/// A stack of residual blocks that ends in one token of each segment.
///
/// Each block is a unit that ranks may share: it is brought together when it is computed with, which may fail.
struct Transformer {
  let blocks: [ResidualBlock]  // all but the last
  let last: PooledBlock
  let width: Int
  /// How many blocks at the beginning are locked: nothing is kept of them, and the way back ends before them.
  let locked: Int
  /// Whether the backward twin computes blocks again.
  let recomputes: Bool

  /// - Precondition: at least one block.
  init(blocks: [ResidualBlock], width: Int, locked: Int, recomputes: Bool) {
    self.blocks = Array(blocks.dropLast())
    last = PooledBlock(blocks[blocks.count - 1])
    self.width = width
    self.locked = min(locked, blocks.count)
    self.recomputes = recomputes
  }

  /// What the backward twin needs of a block.
  enum SavedBlock {
    case whole(ResidualBlock.Saved)
    /// What enters it, (tokens, width).
    case input(Tensor)
  }

  /// What the backward twin needs.
  struct Saved {
    /// Of the blocks that are trained but the last.
    let blocks: [SavedBlock]
    /// Of the last, unless it is locked.
    let last: PooledBlock.Saved?
  }

  private var isLocked: Bool { locked > blocks.count }

  /// - Parameters:
  ///   - x: (tokens, width).
  ///   - rows: the row of x that goes on, one a segment.
  ///   - y: (segments, width).
  func forward(_ x: Tensor, _ segments: Segments, pooling rows: [Int32], into y: Tensor, in workspace: Workspace)
    throws -> Saved
  {
    guard !isLocked else {
      try embed(x, segments, pooling: rows, into: y, in: workspace)
      return Saved(blocks: [], last: nil)
    }
    var x = try embed(x, segments, through: blocks[..<locked], in: workspace)
    var saved: [SavedBlock] = []
    saved.reserveCapacity(blocks.count - locked)
    for block in blocks[locked...] {
      let next = workspace.tensor(rows: x.rows, columns: width)
      saved.append(
        try block.unit.withValues {
          guard recomputes else { return .whole(block.forward(x, segments, into: next, in: workspace)) }
          workspace.scope { _ = block.forward(x, segments, into: next, in: workspace) }
          return .input(x)
        })
      x = next
    }
    return Saved(
      blocks: saved,
      last: try last.unit.withValues { last.forward(x, segments, pooling: rows, into: y, in: workspace) })
  }

  /// The same result, keeping nothing: memory does not grow with depth. Changes `x`.
  func embed(_ x: Tensor, _ segments: Segments, pooling rows: [Int32], into y: Tensor, in workspace: Workspace) throws {
    try workspace.scope {
      let x = try embed(x, segments, through: blocks[...], in: workspace)
      try last.unit.withValues { _ = last.forward(x, segments, pooling: rows, into: y, in: workspace) }
    }
  }

  /// What some blocks make of `x`, which they change: in its memory, or in as much besides.
  private func embed(
    _ x: Tensor, _ segments: Segments, through blocks: ArraySlice<ResidualBlock>, in workspace: Workspace
  ) throws -> Tensor {
    guard !blocks.isEmpty else { return x }
    var x = x
    var next = workspace.tensor(rows: x.rows, columns: width)
    for block in blocks {
      try block.unit.withValues {
        workspace.scope { _ = block.forward(x, segments, into: next, in: workspace) }
      }
      swap(&x, &next)
    }
    return x
  }

  /// Sets `dx` (tokens, width), the gradient of what enters the first block that is trained, from `gradient`
  /// (segments, width), which it changes. Where none is trained it does nothing.
  func backward(
    _ gradient: StreamGradient, _ segments: Segments, pooling rows: [Int32], _ saved: Saved, into dx: StreamGradient,
    in workspace: Workspace
  ) throws {
    guard saved.last != nil else { return }
    try backwardLast(gradient, segments, pooling: rows, saved, into: dx, in: workspace)
    try backwardBlocks(dx, segments, saved, in: workspace)
  }

  /// Through the last block: sets `dx`, the gradient of what enters it.
  func backwardLast(
    _ gradient: StreamGradient, _ segments: Segments, pooling rows: [Int32], _ saved: Saved, into dx: StreamGradient,
    in workspace: Workspace
  ) throws {
    guard let saved = saved.last else { preconditionFailure("nothing is kept of a block that is locked") }
    try last.unit.withGradients {
      last.backward(gradient, segments, pooling: rows, saved, into: dx, in: workspace)
    }
  }

  /// Through all others that are trained: turns the gradient of what enters the last block into that of what enters the
  /// first of them.
  func backwardBlocks(_ dx: StreamGradient, _ segments: Segments, _ saved: Saved, in workspace: Workspace) throws {
    for (block, saved) in zip(blocks[locked...], saved.blocks).reversed() {
      try block.unit.withGradients {
        switch saved {
        case .whole(let saved): block.backward(dx, segments, saved, in: workspace)
        case .input(let x):
          workspace.scope {
            let saved = block.forward(x, segments, into: nil, in: workspace)
            block.backward(dx, segments, saved, in: workspace)
          }
        }
      }
    }
  }
}
