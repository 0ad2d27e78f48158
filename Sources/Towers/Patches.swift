import Tensors

/// What a Vision Transformer reads of pictures: their patches, all or some of them.
struct Patches {
  /// (pictures · patches, 3 · patch²), normalised.
  let pixels: Tensor
  /// Where each token is in the table of positions, the class token of each picture first; nil: all tokens in their order.
  let places: [Int32]?
  /// Tokens of a picture, the class token among them.
  let tokens: Int
}

extension ImageTower {
  /// The patches of pictures, normalised.
  func patches(of pictures: PackedPictures, in workspace: Workspace) -> Patches {
    let all = configuration.tokens - 1
    let seen = pictures.patches.map { $0.count / max(pictures.count, 1) } ?? all
    let rows = workspace.activations(
      rows: pictures.count * seen, columns: 3 * configuration.patchSize * configuration.patchSize)
    Tensors.patches(
      of: UnsafeBufferPointer(pictures.pixels.bytes), height: configuration.imageHeight,
      width: configuration.imageWidth, patch: configuration.patchSize, seen: pictures.patches, mean: pictures.mean,
      deviation: pictures.deviation, into: rows)
    let places: [Int32]? = pictures.patches.map { patches in
      (0..<pictures.count).flatMap { picture -> [Int32] in
        [0] + patches[picture * seen..<(picture + 1) * seen].map { 1 + $0 }
      }
    }
    return Patches(pixels: rows, places: places, tokens: seen + 1)
  }
}
