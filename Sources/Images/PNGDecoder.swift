import CPNG

/// PNG by libpng, without gamma or color management.
enum PNGDecoder {
  static func decode(_ bytes: Span<UInt8>, size: PictureSize, on background: RGB?) throws -> Picture {
    var state = CPNG_Reader()
    // libpng keeps the address from one call to the next.
    return try withUnsafeMutablePointer(to: &state) { reader in
      try bytes.withUnsafeBufferPointer { input in
        reader.pointee.bytes = input.baseAddress
        reader.pointee.count = input.count
        defer { CPNG_end(reader) }
        return try decode(reader, size: size, on: background)
      }
    }
  }

  private static func decode(
    _ reader: UnsafeMutablePointer<CPNG_Reader>, size: PictureSize, on background: RGB?
  ) throws -> Picture {
    guard CPNG_begin(reader) != 0 else { throw error(reader.pointee) }
    let header = reader.pointee
    guard Int(header.width) == size.width, Int(header.height) == size.height else {
      throw ImageError(.corrupt, "a PNG file with two headers: \(size) and \(header.width)×\(header.height) pixels")
    }
    let stride = size.width * Int(header.channels) * Int(header.depth) / 8
    let samples = try [UInt8](unsafeUninitializedCapacity: stride * size.height) { samples, count in
      guard CPNG_read(reader, samples.baseAddress, stride) != 0 else { throw error(reader.pointee) }
      count = stride * size.height
    }
    return picture(of: samples, size: size, on: background, reader: header)
  }

  private static func error(_ reader: CPNG_Reader) -> ImageError {
    let message = withUnsafeBytes(of: reader.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    return reader.ranOut != 0
      ? ImageError(.truncated, "a PNG file of \(reader.count) bytes without its end")
      : ImageError(.corrupt, "a PNG file: \(message)")
  }

  /// The picture of the samples as libpng delivered them.
  private static func picture(of samples: [UInt8], size: PictureSize, on background: RGB?, reader: CPNG_Reader)
    -> Picture
  {
    samples.withUnsafeBufferPointer { s in
      switch (CInt(reader.colorType), reader.channels, reader.depth) {
      case (PNG_COLOR_TYPE_PALETTE, _, _):
        let colors = palette(reader)
        return Picture(size: size, on: background) { colors[Int(s[$0])] }
      case (_, 1, 8):
        return Picture(size: size, on: background) { SIMD4(s[$0], s[$0], s[$0], 255) }
      case (_, 2, 8):
        return Picture(size: size, on: background) { SIMD4(s[2 * $0], s[2 * $0], s[2 * $0], s[2 * $0 + 1]) }
      case (_, 1, 16):
        return Picture(size: size, on: background) { clippedGray(s[2 * $0], s[2 * $0 + 1], alpha: 255) }
      case (_, 2, 16):
        return Picture(size: size, on: background) { clippedGray(s[4 * $0], s[4 * $0 + 1], alpha: s[4 * $0 + 2]) }
      case (_, 4, _):
        return Picture(size: size, on: background, rgba: s)
      default:
        return Picture(size: size, pixels: samples)
      }
    }
  }

  /// Pillow reads 16-bit gray as integers, and its conversion to RGB clips them: all but the darkest become white.
  private static func clippedGray(_ high: UInt8, _ low: UInt8, alpha: UInt8) -> SIMD4<UInt8> {
    let gray = high == 0 ? low : 255
    return SIMD4(gray, gray, gray, alpha)
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
