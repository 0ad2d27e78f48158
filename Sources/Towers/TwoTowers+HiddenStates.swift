public import Tensors

extension TwoTowers {
  /// Writes the embeddings of pictures, (pictures, embedding), each on its own, and with them the states of all their
  /// tokens or pixels after a number of layers.
  ///
  /// - Parameters:
  ///   - states: (pictures · rows, columns), where ``VisionConfiguration/hiddenShape(after:)`` tells rows and columns.
  ///   - layer: residual blocks, or stages of a ModifiedResNet, from 0, what enters the first, to all of them
  ///     (``VisionConfiguration/hiddenLayers``). The norm before the projection does not follow.
  public func embed(_ pictures: PackedPictures, into embeddings: Tensor, states: Tensor, after layer: Int) throws {
    let shape = configuration.vision.hiddenShape(after: layer)
    precondition(states.rows == pictures.count * shape.rows && states.columns == shape.columns, "shapes differ")
    try workspace.scope {
      switch image {
      case .transformer(let tower):
        try tower.embed(
          tower.patches(of: pictures, in: workspace), into: embeddings, states: states, after: layer, in: workspace)
      case .residual(let tower):
        let wanted = configuration.vision.stages.prefix(layer).reduce(0, +)
        let pixels = tower.pixels(of: pictures, in: workspace)
        try tower.embed(pixels, into: embeddings, .running, in: workspace) { blocks, x in
          guard blocks == wanted else { return }
          if x.elementType == .float32 { copy(x, into: states) } else { widen(x, into: states) }
        }
      }
    }
  }

  /// Writes the states of all tokens of captions, padded with token 0 to the whole context, after a number of blocks.
  ///
  /// - Parameters:
  ///   - states: (captions · context, width).
  ///   - layer: from 0, what enters the first, to all of them (``TextConfiguration/hiddenLayers``).
  ///   - normalizing: whether the final norm follows, as before the projection.
  public func states(
    of captions: PackedCaptions, after layer: Int, normalizing: Bool, into states: Tensor
  ) throws {
    let shape = configuration.text.hiddenShape
    precondition(
      states.rows == captions.segments.count * shape.rows && states.columns == shape.columns, "shapes differ")
    try text.states(
      of: captions, after: layer, normalizing: normalizing, into: states, in: workspace)
  }
}
