/// What happens to pictures in training.
public struct Augmentation: Codable, Sendable, Equatable {
  /// How a square of the model's size is taken from a picture.
  public enum CropKind: String, Codable, Sendable, CaseIterable {
    /// The shortest side is brought to the model's size, then a random square is cut: the paper's only augmentation.
    case square
    /// A random part of the area, of a random shape near the square, is resized: open_clip's default.
    case resized
  }

  /// Which crop.
  public var crop = CropKind.resized
  /// The smallest and largest share of the area a `resized` crop takes.
  public var scale: [Double] = [0.9, 1]
}
