import CImageKernels

/// Scales pictures and cuts parts out of them, in memory that is used again for the next.
final class Resizer {
  /// What is between both passes, and rows on end.
  private let between = Scratch()
  private let scratch = Scratch()

  /// Pixels of 8-bit RGB, row by row, somewhere in memory: a picture, or a part of one.
  struct Pixels {
    let start: UnsafePointer<UInt8>
    /// What they are of the picture.
    let region: Region

    /// Bytes from one row to the next.
    var stride: Int { 3 * region.size.width }

    /// Where a pixel lies, by its column and row in the picture.
    func pixel(_ column: Int, _ row: Int) -> UnsafePointer<UInt8> {
      start + (row - region.y) * stride + 3 * (column - region.x)
    }
  }

  /// Writes the window of a framing.
  ///
  /// - Parameters:
  ///   - pixels: all that are needed for it, or more.
  ///   - result: room for the window's pixels.
  func frame(_ pixels: Pixels, _ scaling: Scaling, into result: UnsafeMutablePointer<UInt8>) {
    guard let (across, down) = scaling.taps else {
      copy(scaling.needed, of: pixels, into: result)
      return
    }
    if scaling.filtersColumnsFirst {
      let columns = across.inputs
      let middle = between.bytes(3 * columns.count * down.outputs)
      filterColumns(pixels, columns, down, into: middle)
      let rows = 0..<down.outputs
      filterRows(
        Pixels(start: middle, region: Region(columns: columns, rows: rows)), rows, across, into: result)
    } else {
      let rows = down.inputs
      let middle = between.bytes(3 * rows.count * across.outputs)
      filterRows(pixels, rows, across, into: middle)
      let columns = 0..<across.outputs
      filterColumns(
        Pixels(start: middle, region: Region(columns: columns, rows: rows)), columns, down, into: result)
    }
  }

  private func copy(_ part: Region, of pixels: Pixels, into result: UnsafeMutablePointer<UInt8>) {
    let bytes = 3 * part.size.width
    for row in 0..<part.size.height {
      (result + row * bytes).update(from: pixels.pixel(part.x, part.y + row), count: bytes)
    }
  }

  /// Makes some of the rows `taps.outputs` pixels wide.
  private func filterRows(
    _ pixels: Pixels, _ rows: Range<Int>, _ taps: BicubicTaps, into result: UnsafeMutablePointer<UInt8>
  ) {
    let columns = taps.inputs
    taps.droppingInputs(columns.lowerBound).withKernelTaps { taps in
      let scratch = scratch.bytes(CImageKernels_rowScratch(columns.count, taps))
      CImageKernels_filterRows(
        pixels.pixel(columns.lowerBound, rows.lowerBound), pixels.stride, rows.count, columns.count, taps, result,
        scratch)
    }
  }

  /// Makes some of the columns `taps.outputs` pixels high.
  private func filterColumns(
    _ pixels: Pixels, _ columns: Range<Int>, _ taps: BicubicTaps, into result: UnsafeMutablePointer<UInt8>
  ) {
    let first = taps.inputs.lowerBound
    taps.droppingInputs(first).withKernelTaps { taps in
      CImageKernels_filterColumns(
        pixels.pixel(columns.lowerBound, first), pixels.stride, 3 * columns.count, taps, result)
    }
  }
}

extension BicubicTaps {
  fileprivate func withKernelTaps(_ body: (CImageKernels_Taps) -> Void) {
    firsts.withUnsafeBufferPointer { firsts in
      counts.withUnsafeBufferPointer { counts in
        weights.withUnsafeBufferPointer { weights in
          body(
            CImageKernels_Taps(
              firsts: firsts.baseAddress, counts: counts.baseAddress, weights: weights.baseAddress, stride: stride,
              outputs: outputs))
        }
      }
    }
  }
}
