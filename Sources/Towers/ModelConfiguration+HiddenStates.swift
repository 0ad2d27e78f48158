extension VisionConfiguration {
  /// How many layers have states to look at: residual blocks, or the four stages of a ModifiedResNet.
  public var hiddenLayers: Int { isResNet ? stages.count : layers }

  /// The shape of one picture's states after so many layers, 0 for what enters the first: tokens, the class token first,
  /// or pixels row by row, and channels.
  public func hiddenShape(after layer: Int) -> (rows: Int, columns: Int) {
    guard isResNet else { return (tokens, width) }
    // The stem makes a pixel of 4 × 4, and each stage but the first one of 2 × 2.
    let side = (imageHeight / 4) >> max(layer - 1, 0)
    return (side * side, layer > 0 ? Bottleneck.expansion * (width << (layer - 1)) : width)
  }
}

extension TextConfiguration {
  /// How many layers have states to look at: its residual blocks.
  public var hiddenLayers: Int { layers }

  /// The shape of one caption's states: tokens of the whole context, padding included, and channels.
  public var hiddenShape: (rows: Int, columns: Int) { (contextLength, width) }
}
