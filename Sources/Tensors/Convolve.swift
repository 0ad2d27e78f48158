import COneDNN

// Convolutions of 3 × 3 pixels with a border of one, by oneDNN. Threads take pictures.

/// Whether oneDNN is faster at a convolution of 3 × 3 pixels than a product of the pixels around each pixel with the weight.
///
/// Measured over the layers of RN50, a thread of an AVX-512 processor: in single precision always, 117 GFLOP/s to 70; in
/// bfloat16 where there are few channels, 66–78 to 24–65 with 32 of them, and as fast as the product from 64 on.
public func libraryConvolves(_ type: ElementType, inputs: Int, outputs: Int) -> Bool {
  type == .float32 || (min(inputs, outputs) < 64 && COneDNN_has_bf16() != 0)
}

/// `y = x ∗ weight`.
///
/// - Parameters:
///   - x: (pixels, inputs), the pictures of `grid`.
///   - weight: (outputs, 9 · inputs), a pixel's taps side by side; single precision, rounded where pictures are bfloat16.
///   - y: (pixels of `grid.strided(stride)`, outputs), stored as `x`.
public func convolve(
  _ x: Tensor, _ grid: PictureGrid, with weight: Tensor, stride: Int, into y: Tensor, in workspace: Workspace
) {
  precondition(x.elementType == y.elementType, "stored alike")
  convolve(.forward, x, grid, with: weight, stride: stride, y, in: workspace)
}

/// The backward twin of ``convolve(_:_:with:stride:into:in:)``: sets the gradient `dx` of the pictures, which may be single
/// precision where `dy` is not.
public func convolveBackward(
  _ dy: Tensor, _ grid: PictureGrid, with weight: Tensor, stride: Int, into dx: Tensor, in workspace: Workspace
) {
  convolve(.data, dx, grid, with: weight, stride: stride, dy, in: workspace)
}

/// Sets the gradient of the weight, or adds to it: (outputs, 9 · inputs), from the gradient of the result and the pictures.
///
/// The pictures are cut into parts whose number depends on the shapes alone. Each has its own sum, and these are added in
/// their order: the same numbers on any number of threads.
public func convolveTransposed(
  _ dy: Tensor, _ x: Tensor, _ grid: PictureGrid, stride: Int, into gradient: Tensor, accumulating: Bool,
  in workspace: Workspace
) {
  let shape = shape(.weight, x, grid, stride: stride, dy, accumulates: accumulating)
  let made = grid.strided(stride)
  let count = max(1, min(grid.count, made.rows / leastRowsOfPart, mostParts))
  func pictures(_ part: Int) -> Range<Int> { grid.count * part / count..<grid.count * (part + 1) / count }
  workspace.scope {
    succeed { () throws(LibraryError) in
      try LibraryConvolution.with(shape.taking(pictures(0).count)) { first throws(LibraryError) in
        let sums = workspace.tensor(rows: count, columns: first.weightCount)
        Threads.forEachItem(of: count, keeping: {}) { part, _ in
          succeed { () throws(LibraryError) in
            try LibraryConvolution.with(shape.taking(pictures(part).count)) { convolution throws(LibraryError) in
              try convolution.run(
                x: x.pictures(pictures(part), grid), weight: sums.rows(part..<part + 1),
                y: dy.pictures(pictures(part), made))
            }
          }
        }
        for part in 1..<count { add(sums.rows(part..<part + 1), to: sums.rows(0..<1)) }
        try first.arrange(gradient, sums)
      }
    }
  }
}

/// Rows of the result that are worth a sum of their own, and most of these sums.
private let leastRowsOfPart = 384, mostParts = 16

/// Forward, or the gradient of the pictures.
private func convolve(
  _ direction: LibraryConvolution.Direction, _ x: Tensor, _ grid: PictureGrid, with weight: Tensor, stride: Int,
  _ y: Tensor, in workspace: Workspace
) {
  let shape = shape(direction, x, grid, stride: stride, y, accumulates: false)
  precondition(
    weight.rows == shape.outputs && weight.columns == 9 * shape.inputs && weight.isContiguous, "shapes differ")
  workspace.scope {
    succeed { () throws(LibraryError) in
      let arranged = try LibraryConvolution.with(shape) { convolution throws(LibraryError) in
        let arranged = workspace.tensor(rows: 1, columns: convolution.weightCount, shape.weightType)
        try convolution.arrange(weight, arranged)
        return arranged
      }
      Threads.forEachBand(of: grid.count) { pictures in
        succeed { () throws(LibraryError) in
          try LibraryConvolution.with(shape.taking(pictures.count)) { convolution throws(LibraryError) in
            try convolution.run(
              x: x.pictures(pictures, grid), weight: arranged, y: y.pictures(pictures, grid.strided(stride)))
          }
        }
      }
    }
  }
}

private func succeed(_ body: () throws(LibraryError) -> Void) {
  do throws(LibraryError) { try body() } catch { error.stop() }
}

private func shape(
  _ direction: LibraryConvolution.Direction, _ x: Tensor, _ grid: PictureGrid, stride: Int, _ y: Tensor,
  accumulates: Bool
) -> LibraryConvolution.Shape {
  precondition(
    x.rows == grid.rows && y.rows == grid.strided(stride).rows && x.isContiguous && y.isContiguous, "shapes differ")
  return LibraryConvolution.Shape(
    direction: direction, grid: grid, inputs: x.columns, outputs: y.columns, stride: stride, type: y.elementType,
    dxType: x.elementType, accumulates: accumulates)
}

extension LibraryConvolution.Shape {
  /// The same of so many pictures.
  fileprivate func taking(_ count: Int) -> Self {
    var shape = self
    shape.grid = grid.taking(count)
    return shape
  }
}

extension Tensor {
  /// The rows of some of the pictures of a grid.
  fileprivate func pictures(_ range: Range<Int>, _ grid: PictureGrid) -> Tensor {
    rows(range.lowerBound * grid.pixels..<range.upperBound * grid.pixels)
  }
}
