/// What happens to pictures in training.
public struct Augmentation: Codable, Sendable, Equatable {
  /// How a square of the model's size is taken from a picture.
  public enum CropKind: String, Codable, Sendable, CaseIterable {
    /// The shortest side is brought to the model's size, then a random square is cut: the paper's only augmentation.
    case square
    /// A random part of the area, of a random shape near the square, is resized: open_clip's default.
    case resized
  }

  /// How exactly JPEG files are decoded.
  public enum Decoding: String, Codable, Sendable, CaseIterable {
    /// As Pillow decodes them, to the last bit: what models are evaluated on.
    case exact
    /// Two, four or eight times smaller where more pixels are left than the model sees: faster on large photographs,
    /// with pixels that differ by less than one level of 255 on average.
    case scaled
  }

  /// Which crop.
  public var crop = CropKind.resized
  /// The smallest and largest share of the area a `resized` crop takes.
  public var scale: [Double] = [0.9, 1]
  /// How exactly JPEG files are decoded.
  public var decoding = Decoding.exact
}
