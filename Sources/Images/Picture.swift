/// A decoded picture: 8-bit RGB, the form everything after decoding works on.
public struct Picture: Sendable, Equatable {
  /// Columns and rows, neither of them zero.
  public let size: PictureSize
  /// Red, green and blue of each pixel, row by row without gaps: `height * width * 3` bytes.
  public let pixels: [UInt8]

  /// Columns.
  public var width: Int { size.width }
  /// Rows.
  public var height: Int { size.height }

  /// A picture of given pixels.
  ///
  /// - Precondition: there are `size.height * size.width * 3` bytes, and at least one pixel.
  public init(size: PictureSize, pixels: [UInt8]) {
    precondition(size.width > 0 && size.height > 0 && pixels.count == size.width * size.height * 3)
    self.size = size
    self.pixels = pixels
  }
}
