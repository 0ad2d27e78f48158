extension Picture {
  /// Decodes a JPEG, PNG or WebP file, recognised by its content.
  ///
  /// Equal, byte for byte, to Pillow's `Image.open(file).convert("RGB")` unless options ask for more: no color
  /// management, no gamma, alpha dropped. Pictures become RGB *before* they are resized, as Transformers does (OpenAI
  /// and open_clip convert after; on photographs it is the same, palette pictures they resize by nearest neighbour).
  ///
  /// - Throws: ``ImageError``.
  public static func decode(_ bytes: Span<UInt8>, options: DecodingOptions = DecodingOptions()) throws -> Picture {
    let header = try PictureHeader(bytes)
    try header.check(limit: options.pixelLimit)
    let picture =
      switch header.format {
      case .jpeg: try baseline(bytes, size: header.size) ?? JPEGDecoder.decode(bytes, size: header.size)
      case .png: try PNGDecoder.decode(bytes, size: header.size, on: options.background)
      case .webp: try WebPDecoder.decode(bytes, size: header.size, on: options.background)
      }
    return options.appliesOrientation
      ? picture.turned(Orientation(of: bytes, format: header.format)) : picture
  }

  /// A baseline JPEG file; nil for any other.
  private static func baseline(_ bytes: Span<UInt8>, size: PictureSize) -> Picture? {
    guard let workspace = BaselineJPEG.Workspace(), let file = BaselineJPEG(bytes, workspace) else { return nil }
    let pixels = [UInt8](unsafeUninitializedCapacity: size.width * size.height * 3) { pixels, count in
      guard let start = pixels.baseAddress, file.decode(bytes, Region(all: size), into: start, workspace) else {
        return
      }
      count = pixels.count
    }
    return pixels.isEmpty ? nil : Picture(size: size, pixels: pixels)
  }

  /// Decodes a JPEG, PNG or WebP file, recognised by its content.
  ///
  /// - Throws: ``ImageError``.
  public static func decode(_ bytes: [UInt8], options: DecodingOptions = DecodingOptions()) throws -> Picture {
    try decode(bytes.span, options: options)
  }
}
