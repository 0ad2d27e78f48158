/// How similar a picture and a text are, and how that changes with the picture.
public struct SimilarityGradients: Sendable {
  /// The cosine of both embeddings.
  public let similarity: Float
  /// The cosine's gradient with respect to the normalised pixels, (3, height, width).
  public let pixels: [Float]
  /// Its gradient with respect to the ``SpatialFeatures``, (rows, columns, channels).
  public let features: [Float]

  /// Numbers computed elsewhere.
  public init(similarity: Float, pixels: [Float], features: [Float]) {
    self.similarity = similarity
    self.pixels = pixels
    self.features = features
  }
}
