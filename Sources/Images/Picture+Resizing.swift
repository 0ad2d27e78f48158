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

    let across = BicubicTaps(window.columns, of: framing.scaled.width, from: source.columns)
    let down = BicubicTaps(window.rows, of: framing.scaled.height, from: source.rows)
    // Between the passes the samples are rounded to 8 bits, so their order shows, in the last bit or, in noise, more.
    if Self.filtersColumnsFirst(from: source.size, to: framing.scaled) {
      let columns = across.inputs
      return filteredAlongColumns(columns, down)
        .filteredAlongRows(0..<window.size.height, across.droppingInputs(columns.lowerBound))
    } else {
      let rows = down.inputs
      return filteredAlongRows(rows, across)
        .filteredAlongColumns(0..<window.size.width, down.droppingInputs(rows.lowerBound))
    }
  }

  /// Pillow's rule since version 13: columns first if the height loses more than twice what the width loses. Until
  /// version 12 rows came first always.
  private static func filtersColumnsFirst(from source: PictureSize, to scaled: PictureSize) -> Bool {
    source.height > scaled.height && source.height - scaled.height > 2 * (source.width - scaled.width)
  }

  /// Some of the rows, made `taps.outputs` pixels wide.
  private func filteredAlongRows(_ rows: Range<Int>, _ taps: BicubicTaps) -> Picture {
    let columns = taps.inputs
    let taps = taps.droppingInputs(columns.lowerBound)
    let stride = 3 * width
    let result = [UInt8](unsafeUninitializedCapacity: rows.count * taps.outputs * 3) { result, count in
      let scratchBytes = CImageKernels_rowScratch(columns.count, taps.outputs)
      withUnsafeTemporaryAllocation(of: UInt8.self, capacity: scratchBytes) { scratch in
        pixels.withUnsafeBufferPointer { pixels in
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
    return Picture(size: PictureSize(width: taps.outputs, height: rows.count), pixels: result)
  }

  /// Some of the columns, made `taps.outputs` pixels high.
  private func filteredAlongColumns(_ columns: Range<Int>, _ taps: BicubicTaps) -> Picture {
    let result = [UInt8](unsafeUninitializedCapacity: taps.outputs * columns.count * 3) { result, count in
      pixels.withUnsafeBufferPointer { pixels in
        guard let base = pixels.baseAddress else { return }
        taps.withKernelTaps { taps in
          CImageKernels_filterColumns(
            base + 3 * columns.lowerBound, 3 * width, 3 * columns.count, taps, result.baseAddress)
        }
      }
      count = result.count
    }
    return Picture(size: PictureSize(width: columns.count, height: taps.outputs), pixels: result)
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
