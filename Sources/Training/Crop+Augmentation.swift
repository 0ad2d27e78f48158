public import Images

extension Crop {
  /// What an augmentation asks for.
  public init(_ augmentation: Augmentation) {
    switch augmentation.crop {
    case .square: self = .square
    case .resized: self = .resized(scale: augmentation.scale[0]...augmentation.scale[1])
    }
  }
}
