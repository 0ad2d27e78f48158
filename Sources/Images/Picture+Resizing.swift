import CImageKernels

extension Picture {
  /// The picture at another size, as Pillow's `resize(size, BICUBIC)`, byte for byte.
  ///
  /// - Precondition: `size` has at least one pixel.
  public func resized(to size: PictureSize) -> Picture {
    framed(Framing(source: Region(all: self.size), scaled: size, window: Region(all: size)))
  }

  /// The picture with its shortest side made `pixels`, or unchanged if that would enlarge it.
  ///
  /// - Precondition: `pixels` is positive.
  public func shrunk(toShortestSide pixels: Int) -> Picture {
    min(width, height) <= pixels ? self : resized(to: size.withShortestSide(pixels))
  }

  /// What Pillow's `crop(source).resize(scaled, BICUBIC).crop(window)` gives, byte for byte, without computing anything
  /// outside of the window.
  ///
  /// - Precondition: `framing.source` lies within the picture and `framing.window` within the scaled size.
  public func framed(_ framing: Framing) -> Picture {
    let source = framing.source
    let window = framing.window
    precondition(source.fits(in: size), "the source \(source) lies outside of a picture of \(size)")
    precondition(window.fits(in: framing.scaled), "the window \(window) lies outside of \(framing.scaled)")

    // Rows first: each of the input rows the window needs shrinks to the window's width, rounded to 8 bits.
    let down = BicubicTaps(window.rows, of: framing.scaled.height, from: source.rows)
    let rows = down.inputs
    let across = BicubicTaps(window.columns, of: framing.scaled.width, from: source.columns)
    let narrow = Self.filterRows(self, rows, across)
    let pixels = Self.filterColumns(narrow, window.size, down.droppingInputs(rows.lowerBound))
    return Picture(size: window.size, pixels: pixels)
  }

  /// `rows.count` rows of `taps.firsts.count` pixels.
  private static func filterRows(_ picture: Picture, _ rows: Range<Int>, _ taps: BicubicTaps) -> [UInt8] {
    let outputs = taps.firsts.count
    // Only the columns that matter are looked at.
    let columns = taps.inputs
    let taps = taps.droppingInputs(columns.lowerBound)
    let stride = 3 * picture.width
    return [UInt8](unsafeUninitializedCapacity: rows.count * outputs * 3) { result, count in
      withUnsafeTemporaryAllocation(
        of: UInt8.self, capacity: CImageKernels_rowScratch(columns.count, outputs)
      ) { scratch in
        picture.pixels.withUnsafeBufferPointer { pixels in
          guard let base = pixels.baseAddress else { return }
          taps.withKernelTaps { taps in
            CImageKernels_filterRows(
              base + rows.lowerBound * stride + 3 * columns.lowerBound, stride, rows.count, columns.count, taps,
              result.baseAddress, scratch.baseAddress)
          }
        }
      }
      count = result.count
    }
  }

  /// `size.height` rows of `size.width` pixels, from rows as wide.
  private static func filterColumns(_ rows: [UInt8], _ size: PictureSize, _ taps: BicubicTaps) -> [UInt8] {
    let stride = 3 * size.width
    return [UInt8](unsafeUninitializedCapacity: size.height * stride) { result, count in
      rows.withUnsafeBufferPointer { rows in
        taps.withKernelTaps { taps in
          CImageKernels_filterColumns(rows.baseAddress, stride, stride, taps, result.baseAddress)
        }
      }
      count = result.count
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
              outputs: firsts.count))
        }
      }
    }
  }
}
