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
      case .jpeg: try JPEGDecoder.decode(bytes, size: header.size)
      case .png: try PNGDecoder.decode(bytes, size: header.size, on: options.background)
      case .webp: try WebPDecoder.decode(bytes, size: header.size, on: options.background)
      }
    return options.appliesOrientation
      ? picture.turned(Orientation(of: bytes, format: header.format)) : picture
  }

  /// Decodes a JPEG, PNG or WebP file, recognised by its content.
  ///
  /// - Throws: ``ImageError``.
  public static func decode(_ bytes: [UInt8], options: DecodingOptions = DecodingOptions()) throws -> Picture {
    try decode(bytes.span, options: options)
  }
}
