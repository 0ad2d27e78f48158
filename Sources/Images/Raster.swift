/// What a decoder delivers: RGB, or RGBA with colors not multiplied by alpha.
struct Raster {
  let size: PictureSize
  /// 3 or 4.
  let channels: Int
  /// `height * width * channels` bytes.
  let samples: [UInt8]

  /// RGB: alpha dropped, or the picture laid on a background.
  func picture(on background: RGB?) -> Picture {
    if channels == 3 { return Picture(size: size, pixels: samples) }
    let pixels = [UInt8](unsafeUninitializedCapacity: samples.count / 4 * 3) { rgb, count in
      samples.withUnsafeBufferPointer { rgba in
        if let background {
          Self.lay(rgba, on: background, into: rgb)
        } else {
          for pixel in 0..<rgba.count / 4 {
            for channel in 0..<3 { rgb[3 * pixel + channel] = rgba[4 * pixel + channel] }
          }
        }
      }
      count = rgb.count
    }
    return Picture(size: size, pixels: pixels)
  }

  /// Pillow's `alpha_composite` over an opaque color: the mean weighted by alpha, with seven more bits than the result
  /// in a division by 255 that is a shift and an addition.
  private static func lay(
    _ rgba: UnsafeBufferPointer<UInt8>, on background: RGB, into rgb: UnsafeMutableBufferPointer<UInt8>
  ) {
    func mean(_ front: UInt8, _ behind: UInt8, _ alpha: UInt32) -> UInt8 {
      let fine = (UInt32(front) * alpha + UInt32(behind) * (255 - alpha) + 128) << 7
      return UInt8(((fine >> 8) + fine) >> 15)
    }
    for pixel in 0..<rgba.count / 4 {
      let alpha = UInt32(rgba[4 * pixel + 3])
      rgb[3 * pixel] = mean(rgba[4 * pixel], background.red, alpha)
      rgb[3 * pixel + 1] = mean(rgba[4 * pixel + 1], background.green, alpha)
      rgb[3 * pixel + 2] = mean(rgba[4 * pixel + 2], background.blue, alpha)
    }
  }
}
