/// A number of columns and rows.
public struct PictureSize: Hashable, Sendable, CustomStringConvertible {
  /// Columns.
  public let width: Int
  /// Rows.
  public let height: Int

  /// `width` columns by `height` rows.
  public init(width: Int, height: Int) {
    self.width = width
    self.height = height
  }

  /// The size a picture gets when its shortest side becomes `pixels` and its shape stays.
  ///
  /// The long side is truncated, not rounded, as torchvision's and Transformers' resizing do.
  public func withShortestSide(_ pixels: Int) -> PictureSize {
    width <= height
      ? PictureSize(width: pixels, height: pixels * height / width)
      : PictureSize(width: pixels * width / height, height: pixels)
  }

  /// The size so many times smaller, rounded up.
  package func divided(by divisor: Int) -> PictureSize {
    PictureSize(width: (width + divisor - 1) / divisor, height: (height + divisor - 1) / divisor)
  }

  /// Width times height, as in `640×480`.
  public var description: String { "\(width)×\(height)" }
}
