/// A rectangle of pixels inside a picture.
public struct Region: Hashable, Sendable {
  /// The first column.
  public let x: Int
  /// The first row.
  public let y: Int
  /// Columns and rows.
  public let size: PictureSize

  /// `size` pixels from column `x` and row `y` on.
  public init(x: Int, y: Int, size: PictureSize) {
    self.x = x
    self.y = y
    self.size = size
  }

  /// All of a picture.
  public init(all size: PictureSize) {
    self.init(x: 0, y: 0, size: size)
  }

  init(columns: Range<Int>, rows: Range<Int>) {
    self.init(
      x: columns.lowerBound, y: rows.lowerBound, size: PictureSize(width: columns.count, height: rows.count))
  }

  var columns: Range<Int> { x..<x + size.width }
  var rows: Range<Int> { y..<y + size.height }

  func fits(in whole: PictureSize) -> Bool {
    x >= 0 && y >= 0 && size.width > 0 && size.height > 0
      && x + size.width <= whole.width && y + size.height <= whole.height
  }
}
