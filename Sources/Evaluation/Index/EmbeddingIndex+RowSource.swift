public import Tensors

extension EmbeddingIndex: RowSource {
  /// Samples.
  public var rows: Int { count }
  /// Numbers of an embedding.
  public var columns: Int { dimension }

  /// The rows, read from the file.
  public func block(_ range: Range<Int>, room: Tensor) throws -> Tensor {
    try rows(range, into: room)
    return room
  }
}
