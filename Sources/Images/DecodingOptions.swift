/// How a file becomes a ``Picture``. The default is what Pillow's `Image.open(file).convert("RGB")` does.
public struct DecodingOptions: Hashable, Sendable {
  /// Twice Pillow's `MAX_IMAGE_PIXELS`, where Pillow refuses a file as a decompression bomb: 512 MiB of RGB.
  public static let defaultPixelLimit = 178_956_970

  /// The color to lay transparent pictures on; nil drops transparency, so that hidden colors show.
  public var background: RGB?
  /// Whether to turn and flip the picture as its Exif data ask for.
  public var appliesOrientation: Bool
  /// Files with more pixels than this are refused before anything is allocated.
  public var pixelLimit: Int

  /// - Parameters:
  ///   - background: the color to lay transparent pictures on; nil drops transparency.
  ///   - appliesOrientation: whether to turn and flip the picture as its Exif data ask for.
  ///   - pixelLimit: files with more pixels than this are refused.
  public init(
    background: RGB? = nil, appliesOrientation: Bool = false, pixelLimit: Int = DecodingOptions.defaultPixelLimit
  ) {
    self.background = background
    self.appliesOrientation = appliesOrientation
    self.pixelLimit = pixelLimit
  }
}
