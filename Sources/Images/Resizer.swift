import CImageKernels

/// Cuts a part out of a picture, scales it and keeps a window of that, in memory that is used again for the next.
final class Resizer {
  /// What is between both passes, and rows on end.
  private let between = Scratch()
  private let scratch = Scratch()

  /// Pixels of 8-bit RGB, row by row, somewhere in memory.
  struct Pixels {
    let start: UnsafePointer<UInt8>
    /// Bytes from one row to the next.
    let stride: Int
  }

  /// Writes what Pillow's `crop(source).resize(scaled, BICUBIC).crop(window)` gives, byte for byte, without computing
  /// anything outside of the window.
  ///
  /// - Parameter result: room for the window's pixels.
  /// - Precondition: `framing.source` lies within the picture, and its window within the scaled size.
  func frame(_ pixels: Pixels, _ framing: Framing, into result: UnsafeMutablePointer<UInt8>) {
    let source = framing.source, window = framing.window
    if source.size == framing.scaled {
      copy(pixels, framing, into: result)
      return
    }
    frame(
      pixels, framing, BicubicTaps(window.columns, of: framing.scaled.width, from: source.columns),
      BicubicTaps(window.rows, of: framing.scaled.height, from: source.rows), into: result)
  }

  /// The same, nearly, from a picture that was made smaller already.
  ///
  /// - Parameters:
  ///   - size: of the smaller picture.
  ///   - divisor: what it was divided by. The framing is that of the larger one.
  func frame(
    _ pixels: Pixels, of size: PictureSize, dividedBy divisor: Int, _ framing: Framing,
    into result: UnsafeMutablePointer<UInt8>
  ) {
    let source = framing.source, window = framing.window, scaled = framing.scaled
    frame(
      pixels, framing,
      BicubicTaps(window.columns, of: scaled.width, from: source.columns, dividedBy: divisor, count: size.width),
      BicubicTaps(window.rows, of: scaled.height, from: source.rows, dividedBy: divisor, count: size.height),
      into: result)
  }

  private func frame(
    _ pixels: Pixels, _ framing: Framing, _ across: BicubicTaps, _ down: BicubicTaps,
    into result: UnsafeMutablePointer<UInt8>
  ) {
    // Between the passes the samples are rounded to 8 bits, so their order shows, in the last bit or, in noise, more.
    if Self.filtersColumnsFirst(from: framing.source.size, to: framing.scaled) {
      let columns = across.inputs
      let middle = between.bytes(3 * columns.count * down.outputs)
      filterColumns(pixels, columns, down, into: middle)
      let rest = Pixels(start: middle, stride: 3 * columns.count)
      filterRows(rest, 0..<down.outputs, across.droppingInputs(columns.lowerBound), into: result)
    } else {
      let rows = down.inputs
      let middle = between.bytes(3 * rows.count * across.outputs)
      filterRows(pixels, rows, across, into: middle)
      let rest = Pixels(start: middle, stride: 3 * across.outputs)
      filterColumns(rest, 0..<across.outputs, down.droppingInputs(rows.lowerBound), into: result)
    }
  }

  /// The window where nothing is scaled: at that size every pixel is made of itself alone.
  private func copy(_ pixels: Pixels, _ framing: Framing, into result: UnsafeMutablePointer<UInt8>) {
    let window = framing.window, bytes = 3 * window.size.width
    let x = framing.source.x + window.x, y = framing.source.y + window.y
    for row in 0..<window.size.height {
      (result + row * bytes).update(from: pixels.start + (y + row) * pixels.stride + 3 * x, count: bytes)
    }
  }

  /// Pillow's rule since version 13: columns first if the height loses more than twice what the width loses. Until
  /// version 12 rows came first always.
  private static func filtersColumnsFirst(from source: PictureSize, to scaled: PictureSize) -> Bool {
    source.height > scaled.height && source.height - scaled.height > 2 * (source.width - scaled.width)
  }

  /// Makes some of the rows `taps.outputs` pixels wide.
  private func filterRows(
    _ pixels: Pixels, _ rows: Range<Int>, _ taps: BicubicTaps, into result: UnsafeMutablePointer<UInt8>
  ) {
    let columns = taps.inputs
    taps.droppingInputs(columns.lowerBound).withKernelTaps { taps in
      let scratch = scratch.bytes(CImageKernels_rowScratch(columns.count, taps))
      CImageKernels_filterRows(
        pixels.start + rows.lowerBound * pixels.stride + 3 * columns.lowerBound, pixels.stride, rows.count,
        columns.count, taps, result, scratch)
    }
  }

  /// Makes some of the columns `taps.outputs` pixels high.
  private func filterColumns(
    _ pixels: Pixels, _ columns: Range<Int>, _ taps: BicubicTaps, into result: UnsafeMutablePointer<UInt8>
  ) {
    taps.withKernelTaps { taps in
      CImageKernels_filterColumns(
        pixels.start + 3 * columns.lowerBound, pixels.stride, 3 * columns.count, taps, result)
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
