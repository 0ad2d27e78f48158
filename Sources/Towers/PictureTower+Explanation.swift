import Tensors

/// The gradient of a number with respect to one picture.
struct InputGradients {
  /// With respect to the normalised pixels, (3, height, width).
  let pixels: [Float]
  /// With respect to the last spatial features, (rows, columns, channels).
  let features: [Float]
}

extension PictureTower {
  /// The last features that are computed for every place of one picture: (rows · columns, channels).
  func spatialFeatures(of saved: Saved) -> Tensor {
    switch saved {
    case .transformer(let saved):
      guard let tokens = saved.transformer.last?.x else { preconditionFailure("nothing is kept of what is locked") }
      return tokens.rows(1..<tokens.rows)
    case .residual(let saved): return saved.last
    }
  }

  /// The gradient of a number with respect to one picture, from its gradient with respect to the picture's embedding.
  ///
  /// What was saved stays as it is, so that it serves for another number too. Adds to the gradients of all parameters.
  func inputGradients(from gradient: Tensor, _ saved: Saved, in workspace: Workspace) throws -> InputGradients {
    switch (self, saved) {
    case (.transformer(let tower), .transformer(let saved)):
      try tower.inputGradients(from: gradient, saved, in: workspace)
    case (.residual(let tower), .residual(let saved)):
      try tower.inputGradients(from: gradient, saved, in: workspace)
    case (.transformer, .residual), (.residual, .transformer):
      preconditionFailure("what another tower has saved")
    }
  }
}
