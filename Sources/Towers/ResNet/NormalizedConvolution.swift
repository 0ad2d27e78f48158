import Tensors

/// A convolution, batch norm and, mostly, a rectifier.
struct NormalizedConvolution {
  let convolution: Convolution
  let norm: BatchNorm

  /// What the backward twin needs.
  struct Saved {
    let x: Tensor  // (pixels, inputs)
    let grid: PictureGrid  // of x
    let convolved: Tensor  // (pixels of the result, outputs)
    let norm: BatchNorm.Saved
    let y: Tensor  // (pixels of the result, outputs)
  }

  /// - Parameters:
  ///   - x: (pixels, inputs), the pictures of `grid`.
  ///   - shortcut: shaped as the result, added to it before it is rectified.
  func forward(
    _ x: Tensor, _ grid: PictureGrid, adding shortcut: Tensor? = nil, rectifying: Bool = true,
    _ statistics: BatchStatistics, in workspace: Workspace
  ) throws -> Saved {
    let rows = grid.strided(convolution.stride).rows
    let convolved = workspace.activations(rows: rows, columns: convolution.outputs)
    let y = workspace.activations(rows: rows, columns: convolution.outputs)
    convolution.forward(x, grid, into: convolved, in: workspace)
    let saved = try norm.forward(
      convolved, adding: shortcut, rectifying: rectifying, into: y, statistics, in: workspace)
    return Saved(x: x, grid: grid, convolved: convolved, norm: saved, y: y)
  }

  /// Adds to the gradients of all parameters, and sets `dx` unless nobody needs it.
  ///
  /// - Parameter dy: the gradient of what was rectified, if it was: of numbers below zero it is 0 already. It is changed.
  func backward(_ dy: Tensor, _ saved: Saved, into dx: Tensor?, in workspace: Workspace) throws {
    try norm.backward(dy, x: saved.convolved, saved.norm, into: dy, in: workspace)
    convolution.backward(dy, x: saved.x, saved.grid, into: dx, in: workspace)
  }
}
