public import Tensors

/// Rows of length 1, one a picture and one a caption, or gradients with respect to them.
public struct Embeddings: Sendable {
  /// (pairs, embedding).
  public let images: Tensor
  /// (pairs, embedding).
  public let texts: Tensor

  /// Embeddings that lie in the given tensors.
  public init(images: Tensor, texts: Tensor) {
    self.images = images
    self.texts = texts
  }

  /// Room for `count` pairs.
  public init(count: Int, dimension: Int) {
    self.init(images: Tensor(rows: count, columns: dimension), texts: Tensor(rows: count, columns: dimension))
  }

  /// Pairs.
  public var count: Int { images.rows }

  /// The pairs in `range`.
  public func rows(_ range: Range<Int>) -> Embeddings {
    Embeddings(images: images.rows(range), texts: texts.rows(range))
  }
}
