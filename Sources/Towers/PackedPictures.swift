/// Pictures of one size, one behind the other: rows of interleaved 8-bit RGB.
public struct PackedPictures: Sendable {
  /// The bytes of all pictures.
  public let pixels: PictureMemory
  /// Pictures.
  public let count: Int
  /// Numbers of the patches a Vision Transformer sees, row by row from 0 and equally many of each picture; nil: all.
  public let patches: [Int32]?
  /// How bytes become numbers: subtract the mean, divide by the deviation, of each channel between 0 and 1.
  public let mean: SIMD3<Float>
  /// See ``mean``.
  public let deviation: SIMD3<Float>

  /// Packs `count` pictures.
  public init(
    pixels: PictureMemory, count: Int, patches: [Int32]? = nil, mean: SIMD3<Float>, deviation: SIMD3<Float>
  ) {
    self.pixels = pixels
    self.count = count
    self.patches = patches
    self.mean = mean
    self.deviation = deviation
  }

  /// Packs a copy of `count` pictures.
  public init(
    pixels: [UInt8], count: Int, patches: [Int32]? = nil, mean: SIMD3<Float>, deviation: SIMD3<Float>
  ) {
    self.init(pixels: PictureMemory(pixels), count: count, patches: patches, mean: mean, deviation: deviation)
  }
}
