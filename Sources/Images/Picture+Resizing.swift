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
    framing.check(in: size)
    let window = framing.window
    let pixels = [UInt8](unsafeUninitializedCapacity: window.size.width * window.size.height * 3) { result, count in
      self.pixels.withUnsafeBufferPointer { pixels in
        guard let start = pixels.baseAddress, let result = result.baseAddress else { return }
        Resizer().frame(Resizer.Pixels(start: start, region: Region(all: size)), Scaling(framing), into: result)
      }
      count = result.count
    }
    return Picture(size: window.size, pixels: pixels)
  }
}
