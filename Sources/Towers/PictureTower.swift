import Tensors

/// One of the two kinds of image towers.
enum PictureTower {
  case transformer(ImageTower)
  case residual(ResNetTower)

  init(
    _ configuration: VisionConfiguration, embedDim: Int, activation: Activation, _ training: TowerTraining,
    in store: ParameterStore
  ) {
    self =
      configuration.isResNet
      ? .residual(ResNetTower(configuration, embedDim: embedDim, training, in: store))
      : .transformer(ImageTower(configuration, embedDim: embedDim, activation: activation, training, in: store))
  }

  /// What the backward twin needs.
  enum Saved {
    case transformer(ImageTower.Saved)
    case residual(ResNetTower.Saved)
  }

  /// - Parameter embeddings: (pictures, embedding), rows of length 1.
  func forward(
    _ pictures: PackedPictures, into embeddings: Tensor, _ statistics: BatchStatistics, in workspace: Workspace
  ) throws -> Saved {
    switch self {
    case .transformer(let tower):
      .transformer(try tower.forward(tower.patches(of: pictures, in: workspace), into: embeddings, in: workspace))
    case .residual(let tower):
      .residual(
        try tower.forward(tower.pixels(of: pictures, in: workspace), into: embeddings, statistics, in: workspace))
    }
  }

  /// The same result, or other features of the pictures, keeping nothing.
  func embed(
    _ pictures: PackedPictures, into embeddings: Tensor, as kind: PictureFeatures = .embedding,
    _ statistics: BatchStatistics, in workspace: Workspace
  ) throws {
    try workspace.scope {
      switch self {
      case .transformer(let tower):
        try tower.embed(tower.patches(of: pictures, in: workspace), into: embeddings, as: kind, in: workspace)
      case .residual(let tower):
        try tower.embed(
          tower.pixels(of: pictures, in: workspace), into: embeddings, as: kind, statistics, in: workspace)
      }
    }
  }

  /// Adds to the gradients of all parameters that are trained, from the gradient of the embeddings.
  func backward(_ gradient: Tensor, _ saved: Saved, in workspace: Workspace) throws {
    switch (self, saved) {
    case (.transformer(let tower), .transformer(let saved)): try tower.backward(gradient, saved, in: workspace)
    case (.residual(let tower), .residual(let saved)): try tower.backward(gradient, saved, in: workspace)
    case (.transformer, .residual), (.residual, .transformer):
      preconditionFailure("what another tower has saved")
    }
  }
}

extension ResNetTower {
  /// The pixels of pictures, normalised.
  func pixels(of pictures: PackedPictures, in workspace: Workspace) -> Tensor {
    let rows = workspace.activations(
      rows: pictures.count * configuration.imageHeight * configuration.imageWidth, columns: 3)
    normalizedPixels(
      of: UnsafeBufferPointer(pictures.pixels.bytes), mean: pictures.mean, deviation: pictures.deviation, into: rows)
    return rows
  }
}
