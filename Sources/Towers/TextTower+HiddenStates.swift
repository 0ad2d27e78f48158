import Tensors

extension TextTower {
  /// Sets `states` (captions · context, width) to what so many blocks made of all tokens, padding included; 0 stands
  /// for what enters the first.
  ///
  /// - Parameter normalizing: whether the final norm follows.
  func states(
    of captions: PackedCaptions, after layer: Int, normalizing: Bool, into states: Tensor, in workspace: Workspace
  ) throws {
    try workspace.scope {
      let padded = captions.padded(to: configuration.contextLength)
      let x = workspace.tensor(rows: padded.segments.rows, columns: configuration.width)
      start(padded, into: x, in: workspace)
      guard normalizing else {
        return try transformer.advance(x, padded.segments, through: 0..<layer, into: states, in: workspace)
      }
      let y = workspace.tensor(rows: x.rows, columns: x.columns)
      try transformer.advance(x, padded.segments, through: 0..<layer, into: y, in: workspace)
      head.norm.forward(y, into: states, statistics: nil)
    }
  }
}

extension PackedCaptions {
  /// The captions with CLIP's padding, token 0, behind each: segments of one length, whose last rows are no end tokens.
  fileprivate func padded(to length: Int) -> PackedCaptions {
    PackedCaptions(
      (0..<segments.count).map { caption in
        let own = tokens[Int(segments.offsets[caption])..<Int(segments.offsets[caption + 1])]
        return own + [Int32](repeating: 0, count: length - own.count)
      })
  }
}
