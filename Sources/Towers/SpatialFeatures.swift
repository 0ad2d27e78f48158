/// The last features an image tower computes for every place of a picture.
///
/// Of a Vision Transformer the patch tokens that enter the last block, in which only the class token goes on; of a
/// ModifiedResNet what its last stage leaves to the attention pool.
public struct SpatialFeatures: Sendable {
  /// (rows, columns, channels).
  public let values: [Float]
  /// Rows of places, from the top.
  public let rows: Int
  /// Places of a row, from the left.
  public let columns: Int

  /// Features of `rows` × `columns` places.
  ///
  /// - Precondition: `values` holds equally many numbers for each place.
  public init(_ values: [Float], rows: Int, columns: Int) {
    precondition(rows > 0 && columns > 0 && values.count % (rows * columns) == 0, "places differ in channels")
    self.values = values
    self.rows = rows
    self.columns = columns
  }

  /// Numbers of a place.
  public var channels: Int { values.count / (rows * columns) }
}
