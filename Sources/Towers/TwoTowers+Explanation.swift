import Tensors

extension TwoTowers {
  /// The cosine of a picture with each of several captions, and the gradients of these numbers with respect to the
  /// picture's pixels and to the last features that have a place in it.
  ///
  /// The picture goes forward once, and backward once for each caption. Batch norm takes its running statistics. The
  /// gradients of parameters are overwritten on the way.
  ///
  /// - Parameters:
  ///   - picture: one picture.
  ///   - captions: any number of captions.
  /// - Precondition: the model is built for training all of it, in single precision, and not shared by ranks.
  public func similarityGradients(
    of picture: PackedPictures, with captions: PackedCaptions
  ) throws -> (features: SpatialFeatures, captions: [SimilarityGradients]) {
    precondition(picture.count == 1 && precision == .fp32, "one picture, in single precision")
    let texts = Tensor(rows: captions.segments.count, columns: configuration.embedDim)
    try embed(captions, into: texts)
    let embedding = Tensor(rows: 1, columns: configuration.embedDim)
    return try workspace.scope {
      let saved = try image.forward(picture, into: embedding, .running, in: workspace)
      let own = embedding.values
      let gradients = try (0..<texts.rows).map { row in
        // The cosine is the product of two rows of length 1: with respect to one of them its gradient is the other.
        let text = texts.rows(row..<row + 1)
        let similarity = zip(own, text.values).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
        parameters.beginGradients()
        let gradients = try image.inputGradients(from: text, saved, in: workspace)
        return SimilarityGradients(
          similarity: Float(similarity), pixels: gradients.pixels, features: gradients.features)
      }
      let vision = configuration.vision
      let features = SpatialFeatures(
        image.spatialFeatures(of: saved).values, rows: vision.gridHeight, columns: vision.gridWidth)
      return (features, gradients)
    }
  }
}
