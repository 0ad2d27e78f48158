/// How a picture becomes a model's input: a part of it, scaled, and of that a part. Nothing in it depends on pixels.
public struct Framing: Hashable, Sendable {
  /// The part of the picture that is used. Pixels outside have no influence.
  public let source: Region
  /// The size `source` is scaled to.
  public let scaled: PictureSize
  /// The part of the scaled picture that is kept.
  public let window: Region

  /// A framing of given parts.
  public init(source: Region, scaled: PictureSize, window: Region) {
    self.source = source
    self.scaled = scaled
    self.window = window
  }

  /// Stops where a picture of a size cannot be framed so.
  func check(in size: PictureSize) {
    precondition(source.fits(in: size), "the source \(source) lies outside of a picture of \(size)")
    precondition(window.fits(in: scaled), "the window \(window) lies outside of \(scaled)")
  }
}
