/// Learned positions, a row of channels for each, brought to another number of positions as open_clip does when it loads
/// weights of another size (`resize_pos_embed` and `resize_text_pos_embed` of open_clip 3.3).
package struct PositionTable {
  /// The rows, one after the other.
  let values: [Float]
  /// Channels of a row.
  let width: Int

  /// A table of `values.count / width` positions.
  package init(_ values: [Float], width: Int) {
    self.values = values
    self.width = width
  }

  /// The positions of a picture: the class token's row, which stays, then those of a grid, row by row, which are
  /// interpolated by antialiased bicubic.
  ///
  /// - Parameters:
  ///   - old: the grid the table has; it has `old.height · old.width + 1` rows.
  ///   - new: the grid that is wanted.
  package func fitted(from old: PositionGrid, to new: PositionGrid) -> [Float] {
    // Along the rows of the grid first, as PyTorch does.
    let across = InterpolationTaps(cubicFrom: old.width, to: new.width)
    let down = InterpolationTaps(cubicFrom: old.height, to: new.height)
    var wide: [Float] = []
    for row in 0..<old.height {
      let start = (1 + row * old.width) * width
      wide += across.rows(of: values[start..<start + old.width * width], width: width)
    }
    return Array(values[..<width]) + down.rows(of: wide[...], width: new.width * width)
  }

  /// The positions of a text, interpolated linearly.
  ///
  /// - Parameter length: how many are wanted.
  package func fitted(toLength length: Int) -> [Float] {
    InterpolationTaps(linearFrom: values.count / width, to: length).rows(of: values[...], width: width)
  }
}
