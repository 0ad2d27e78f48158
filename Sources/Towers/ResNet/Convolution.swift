import Tensors

/// A convolution of 1 × 1 pixels, or of 3 × 3 with a border of one, without bias: a product of the pixels around each pixel
/// with the weight.
///
/// Pixels are rows of a tensor, channels its columns. Of 3 × 3 pixels oneDNN convolves where it is faster; elsewhere the
/// pixels around a pixel are brought together for as many pictures at a time as stay near the cache, forward and backward.
struct Convolution {
  let weight: Parameter  // (outputs, inputs, size, size)
  let stride: Int

  init(_ name: String, _ inputs: Int, to outputs: Int, size: Int, stride: Int = 1, in store: ParameterStore) {
    weight = store.declare(
      "\(name).weight", [outputs, inputs, size, size], .fanIn(inputs * size * size), isFactor: true)
    self.stride = stride
  }

  var outputs: Int { weight.shape[0] }
  private var inputs: Int { weight.shape[1] }
  private var isPointwise: Bool { weight.shape[2] == 1 }
  private func isLibrarys(_ x: Tensor) -> Bool { libraryConvolves(x.elementType, inputs: inputs, outputs: outputs) }

  /// - Parameters:
  ///   - x: (pixels, inputs), the pictures of `grid`.
  ///   - y: (pixels of `grid.strided(stride)`, outputs).
  func forward(_ x: Tensor, _ grid: PictureGrid, into y: Tensor, in workspace: Workspace) {
    guard !isPointwise else { return multiply(x, weight.values.transposed, into: y) }
    guard !isLibrarys(x) else { return convolve(x, grid, with: weight.values, stride: stride, into: y, in: workspace) }
    workspace.scope {
      let taps = workspace.tensor(rows: outputs, columns: 9 * inputs)
      tapsFirst(weight.values, into: taps)
      forEachPart(of: x, grid, stride: stride, in: workspace) { around, rows in
        multiply(around, taps.transposed, into: y.rows(rows))
      }
    }
  }

  /// Adds to the gradient of the weight, and sets `dx`, shaped as `x`, unless nobody needs it.
  ///
  /// - Precondition: where a convolution takes every second pixel, `dx` is single precision.
  func backward(_ dy: Tensor, x: Tensor, _ grid: PictureGrid, into dx: Tensor?, in workspace: Workspace) {
    guard !isPointwise else {
      if let dx { multiply(dy, weight.values, into: dx) }
      return multiplyTransposed(
        dy, x, into: weight.gradient, accumulating: weight.accumulates, columnSums: nil)
    }
    guard !isLibrarys(x) else {
      convolveTransposed(
        dy, x, grid, stride: stride, into: weight.gradient, accumulating: weight.accumulates, in: workspace)
      if let dx { convolveBackward(dy, grid, with: weight.values, stride: stride, into: dx, in: workspace) }
      return
    }
    workspace.scope {
      let gradient = workspace.tensor(rows: outputs, columns: 9 * inputs)
      forEachPart(of: x, grid, stride: stride, in: workspace) { around, rows in
        multiplyTransposed(
          dy.rows(rows), around, into: gradient, accumulating: rows.lowerBound > 0, columnSums: nil)
      }
      tapsFirstBackward(gradient, into: weight.gradient, accumulating: weight.accumulates)
    }
    guard let dx else { return }
    workspace.scope {
      guard stride == 1 else {
        let taps = workspace.tensor(rows: outputs, columns: 9 * inputs)
        tapsFirst(weight.values, into: taps)
        let around = workspace.tensor(rows: dy.rows, columns: 9 * inputs)
        multiply(dy, taps, into: around)
        return neighborhoodsBackward(around, grid, stride: stride, into: dx)
      }
      let taps = workspace.tensor(rows: inputs, columns: 9 * outputs)
      tapsTurned(weight.values, into: taps)
      forEachPart(of: dy, grid, stride: 1, in: workspace) { around, rows in
        multiply(around, taps.transposed, into: dx.rows(rows))
      }
    }
  }

  /// Bytes of the pixels around pixels that are brought together at a time.
  private static let partBytes = 4 << 20

  /// Calls `body` with the pixels around the pixels of some pictures after the other, and the rows these are of the result.
  private func forEachPart(
    of x: Tensor, _ grid: PictureGrid, stride: Int, in workspace: Workspace, _ body: (Tensor, Range<Int>) -> Void
  ) {
    let made = grid.strided(stride)
    let bytes = made.pixels * 9 * x.columns * x.elementType.size
    let most = max(1, min(grid.count, Self.partBytes / bytes))
    for first in Swift.stride(from: 0, to: grid.count, by: most) {
      workspace.scope {
        let pictures = grid.taking(min(most, grid.count - first))
        let rows = first * made.pixels..<(first + pictures.count) * made.pixels
        let around = workspace.tensor(rows: rows.count, columns: 9 * x.columns, x.elementType)
        neighborhoods(
          of: x.rows(first * grid.pixels..<(first + pictures.count) * grid.pixels), pictures, stride: stride,
          into: around)
        body(around, rows)
      }
    }
  }
}
