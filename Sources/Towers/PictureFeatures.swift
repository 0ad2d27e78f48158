public import Tensors

/// What an image tower is asked for.
public enum PictureFeatures: String, CaseIterable, Sendable {
  /// What is projected into the space both towers share: of a Vision Transformer the class token behind the last norm. A
  /// ModifiedResNet's attention pool ends in the projection itself, so that this is ``projected`` there.
  case image
  /// What is behind the projection, of any length.
  case projected
  /// The same with length 1: what is compared with texts.
  case embedding
}

extension ModelConfiguration {
  /// How many numbers a picture's features have.
  public func dimension(of features: PictureFeatures) -> Int {
    features == .image && !vision.isResNet ? vision.width : embedDim
  }
}

extension EmbeddingHead {
  /// Writes what is asked for, keeping nothing.
  ///
  /// - Parameters:
  ///   - x: (segments, width).
  ///   - features: (segments, as many as it has), single precision.
  func write(_ kind: PictureFeatures, of x: Tensor, into features: Tensor, in workspace: Workspace) {
    workspace.scope {
      switch kind {
      case .image: norm.forward(x, into: features, statistics: nil)
      case .projected:
        let normalized = workspace.tensor(rows: x.rows, columns: x.columns)
        norm.forward(x, into: normalized, statistics: nil)
        projection.forward(normalized, into: features)
      case .embedding: _ = forward(x, into: features, in: workspace)
      }
    }
  }
}

extension AttentionPool {
  /// Writes what is asked for, keeping nothing.
  ///
  /// - Parameters:
  ///   - x: (pictures · pixels, channels).
  ///   - features: (pictures, embedding), single precision.
  func write(_ kind: PictureFeatures, of x: Tensor, into features: Tensor, in workspace: Workspace) {
    workspace.scope {
      let saved = forward(x, into: features, in: workspace)
      if kind != .embedding { output.forward(saved.attended, into: features) }
    }
  }
}

extension TwoTowers {
  /// Turns features of pictures into embeddings (pictures, embedding).
  ///
  /// - Parameter kind: what the features are.
  public func embeddings(from features: Tensor, _ kind: PictureFeatures) -> Tensor {
    guard kind != .embedding else { return features }
    var projected = features
    if kind == .image, case .transformer(let tower) = image {
      projected = Tensor(rows: features.rows, columns: configuration.embedDim)
      tower.head.projection.forward(features, into: projected)
    }
    let embeddings = Tensor(rows: features.rows, columns: configuration.embedDim)
    normalizeRows(projected, into: embeddings, inverseNorms: Tensor(rows: features.rows, columns: 1))
    return embeddings
  }
}
