import Towers

/// The grid a picture's positions lie in.
package struct PositionGrid: Equatable, CustomStringConvertible {
  /// Rows.
  let height: Int
  /// Columns.
  let width: Int

  /// A grid of `height` rows and `width` columns.
  package init(height: Int, width: Int) {
    self.height = height
    self.width = width
  }

  /// That of an image tower, whose table has one row more, for the class token or the mean.
  init(of vision: VisionConfiguration) {
    self.init(height: vision.gridHeight, width: vision.gridWidth)
  }

  /// As in `16 × 16`.
  package var description: String { "\(height) × \(width)" }
}
