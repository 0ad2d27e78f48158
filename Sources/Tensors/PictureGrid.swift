/// Pictures of one size whose pixels are the rows of a tensor: picture by picture, row by row, from the top left.
public struct PictureGrid: Sendable, Hashable {
  /// Pictures.
  public let count: Int
  /// Rows of pixels of each.
  public let height: Int
  /// Pixels of a row.
  public let width: Int

  /// Pictures of one size.
  public init(count: Int, height: Int, width: Int) {
    self.count = count
    self.height = height
    self.width = width
  }

  /// Pixels of a picture.
  public var pixels: Int { height * width }
  /// Rows of a tensor that holds them.
  public var rows: Int { count * pixels }

  /// What an average pool of `size` × `size` pixels leaves; pixels that fill no square are dropped.
  public func pooled(_ size: Int) -> PictureGrid {
    PictureGrid(count: count, height: height / size, width: width / size)
  }

  /// What a convolution of 3 × 3 pixels with a border of one leaves.
  public func strided(_ stride: Int) -> PictureGrid {
    PictureGrid(count: count, height: (height - 1) / stride + 1, width: (width - 1) / stride + 1)
  }

  /// Fewer pictures of the same size.
  public func taking(_ count: Int) -> PictureGrid {
    PictureGrid(count: count, height: height, width: width)
  }
}
