extension Picture {
  /// A picture of colors with alpha, without their alpha or laid on a background.
  ///
  /// - Parameter color: red, green, blue (not multiplied by alpha) and alpha of a pixel, counted row by row.
  @inline(__always)
  init(size: PictureSize, on background: RGB?, color: (_ pixel: Int) -> SIMD4<UInt8>) {
    let pixels = [UInt8](unsafeUninitializedCapacity: size.width * size.height * 3) { rgb, count in
      for pixel in 0..<size.width * size.height {
        let color = background.map { color(pixel).laid(on: $0) } ?? color(pixel)
        rgb[3 * pixel] = color.x
        rgb[3 * pixel + 1] = color.y
        rgb[3 * pixel + 2] = color.z
      }
      count = rgb.count
    }
    self.init(size: size, pixels: pixels)
  }

  /// A picture of interleaved red, green, blue and alpha.
  init(size: PictureSize, on background: RGB?, rgba: UnsafeBufferPointer<UInt8>) {
    self.init(size: size, on: background) { pixel in
      SIMD4(rgba[4 * pixel], rgba[4 * pixel + 1], rgba[4 * pixel + 2], rgba[4 * pixel + 3])
    }
  }
}

extension SIMD4<UInt8> {
  /// Pillow's `alpha_composite` over an opaque color: the mean weighted by alpha, divided by 255 with seven more bits
  /// than the result has.
  func laid(on background: RGB) -> SIMD4<UInt8> {
    func mean(_ front: UInt8, _ behind: UInt8) -> UInt8 {
      let fine = (UInt32(front) * UInt32(w) + UInt32(behind) * UInt32(255 - w) + 128) << 7
      return UInt8(truncatingIfNeeded: ((fine >> 8) + fine) >> 15)
    }
    return SIMD4(mean(x, background.red), mean(y, background.green), mean(z, background.blue), 255)
  }
}
