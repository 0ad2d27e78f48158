import CPNG

/// PNG by libpng, without gamma or color management.
enum PNGDecoder {
  static func decode(_ bytes: Span<UInt8>, size: PictureSize) throws -> Raster {
    var reader = CPNG_Reader()
    defer { CPNG_end(&reader) }
    return try bytes.withUnsafeBufferPointer { input in
      reader.bytes = input.baseAddress
      reader.count = input.count
      guard CPNG_begin(&reader) != 0 else { throw error(reader) }
      guard Int(reader.width) == size.width, Int(reader.height) == size.height else {
        throw ImageError(.corrupt, "a PNG file that does not start with its header")
      }
      let stride = size.width * Int(reader.channels) * Int(reader.depth) / 8
      let samples = try [UInt8](unsafeUninitializedCapacity: stride * size.height) { samples, count in
        guard CPNG_read(&reader, samples.baseAddress, stride) != 0 else { throw error(reader) }
        count = stride * size.height
      }
      return raster(of: samples, size: size, reader: reader)
    }
  }

  private static func error(_ reader: CPNG_Reader) -> ImageError {
    let message = withUnsafeBytes(of: reader.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    return reader.ranOut != 0
      ? ImageError(.truncated, "a PNG file of \(reader.count) bytes without its end")
      : ImageError(.corrupt, "a PNG file: \(message)")
  }

  /// RGB or RGBA of the samples as libpng delivered them.
  private static func raster(of samples: [UInt8], size: PictureSize, reader: CPNG_Reader) -> Raster {
    let channels = Int(reader.channels)
    switch (CInt(reader.colorType), channels, reader.depth) {
    case (PNG_COLOR_TYPE_PALETTE, _, _):
      let colors = palette(reader)
      return expand(samples, size: size, stride: 1, hasAlpha: true) { colors[Int($0[0])] }
    case (_, 1, 8):
      return expand(samples, size: size, stride: 1, hasAlpha: false) { SIMD4($0[0], $0[0], $0[0], 255) }
    case (_, 2, 8):
      return expand(samples, size: size, stride: 2, hasAlpha: true) { SIMD4($0[0], $0[0], $0[0], $0[1]) }
    case (_, 1, 16), (_, 2, 16):
      // Pillow reads 16-bit gray as integers, and its conversion to RGB clips them: all but the darkest are white.
      return expand(samples, size: size, stride: 2 * channels, hasAlpha: channels == 2) {
        let gray = $0[0] == 0 ? $0[1] : 255
        return SIMD4(gray, gray, gray, channels == 2 ? $0[2] : 255)
      }
    default:
      return Raster(size: size, channels: channels, samples: samples)
    }
  }

  /// Turns each `stride` bytes into a color.
  private static func expand(
    _ samples: [UInt8], size: PictureSize, stride: Int, hasAlpha: Bool,
    color: (UnsafePointer<UInt8>) -> SIMD4<UInt8>
  ) -> Raster {
    let channels = hasAlpha ? 4 : 3
    let count = size.width * size.height
    let colors = [UInt8](unsafeUninitializedCapacity: count * channels) { colors, initialized in
      samples.withUnsafeBufferPointer { samples in
        guard let source = samples.baseAddress else { return }
        for pixel in 0..<count {
          let color = color(source + pixel * stride)
          for channel in 0..<channels { colors[pixel * channels + channel] = color[channel] }
        }
      }
      initialized = count * channels
    }
    return Raster(size: size, channels: channels, samples: colors)
  }

  /// 256 colors with alpha; indices beyond the file's palette are black, as in Pillow.
  private static func palette(_ reader: CPNG_Reader) -> [SIMD4<UInt8>] {
    var colors = [SIMD4<UInt8>](repeating: SIMD4(0, 0, 0, 255), count: 256)
    var entries: UnsafeMutablePointer<png_color>?
    var count: CInt = 0
    png_get_PLTE(reader.png, reader.info, &entries, &count)
    for index in 0..<min(Int(count), 256) {
      guard let entry = entries?[index] else { break }
      colors[index] = SIMD4(entry.red, entry.green, entry.blue, 255)
    }
    var alphas: UnsafeMutablePointer<UInt8>?
    count = 0
    png_get_tRNS(reader.png, reader.info, &alphas, &count, nil)
    for index in 0..<min(Int(count), 256) {
      colors[index].w = alphas?[index] ?? 255
    }
    return colors
  }
}
