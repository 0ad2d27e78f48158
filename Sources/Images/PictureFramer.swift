/// Decodes pictures and frames them, one after the other, in memory that is used again for the next.
///
/// What it makes is what ``Picture/decode(_:options:)`` and ``Picture/framed(_:)`` make. For one thread at a time.
public final class PictureFramer {
  /// Where the pixels of the last picture lie.
  private enum Decoded {
    case none
    case whole(Picture)
    /// In the memory of the JPEG decoder, made so many times smaller while it was decoded.
    case lent(UnsafeBufferPointer<UInt8>, PictureSize, dividedBy: Int)
  }

  private let resizer = Resizer()
  private var jpeg: JPEGDecoder?
  private var decoded = Decoded.none
  private var framing = Framing(
    source: Region(all: PictureSize(width: 1, height: 1)), scaled: PictureSize(width: 1, height: 1),
    window: Region(all: PictureSize(width: 1, height: 1)))

  private let dividesLargeOnes: Bool

  /// Memory is reserved with the first picture.
  ///
  /// - Parameter dividesLargeOnes: whether JPEG files are decoded two, four or eight times smaller where that leaves no
  ///   fewer pixels than are wanted. It is faster, and on photographs the result differs by less than one level on
  ///   average, by up to 16 at single edges: the frequencies left out are those that scaling would have averaged away.
  public init(dividingLargeOnes dividesLargeOnes: Bool = false) {
    self.dividesLargeOnes = dividesLargeOnes
  }

  /// What a JPEG file may be divided by for a framing.
  static func divisor(for framing: Framing) -> Int {
    [8, 4, 2].first {
      framing.source.size.width / $0 >= framing.scaled.width && framing.source.size.height / $0 >= framing.scaled.height
    } ?? 1
  }

  /// Decodes what is needed of a JPEG, PNG or WebP file, recognised by its content.
  ///
  /// - Parameter choose: how a picture of a size is to be framed; see ``Picture/framed(_:)`` for what it must keep to.
  /// - Throws: ``ImageError``.
  public func decode(_ file: Span<UInt8>, framing choose: (PictureSize) -> Framing) throws {
    decoded = .none
    let header = try PictureHeader(file)
    try header.check(limit: DecodingOptions.defaultPixelLimit)
    let chosen = choose(header.size)
    chosen.check(in: header.size)
    framing = chosen
    guard header.format == .jpeg else {
      decoded = .whole(try Picture.decode(file))
      return
    }
    // What a file broken off in its header leaves of a decoder would spoil the next one: an error costs the decoder.
    let decoder = try jpeg ?? JPEGDecoder()
    jpeg = nil
    let divisor = dividesLargeOnes ? Self.divisor(for: chosen) : 1
    let (pixels, size) = try decoder.decode(file, size: header.size, dividedBy: divisor)
    jpeg = decoder
    decoded = .lent(pixels, size, dividedBy: divisor)
  }

  /// Writes the picture that was decoded last, framed: rows of interleaved RGB.
  ///
  /// - Precondition: decoding it did not throw, and `pixels` has room for the framing's window.
  public func frame(into pixels: UnsafeMutableBufferPointer<UInt8>) {
    let size = framing.window.size
    guard let result = pixels.baseAddress, pixels.count >= 3 * size.width * size.height else {
      preconditionFailure("\(pixels.count) bytes for a picture of \(size) pixels")
    }
    switch decoded {
    case .none: preconditionFailure("no picture was decoded")
    case .whole(let picture):
      picture.pixels.withUnsafeBufferPointer { pixels in
        guard let start = pixels.baseAddress else { return }
        resizer.frame(Resizer.Pixels(start: start, stride: 3 * picture.width), framing, into: result)
      }
    case .lent(let pixels, let size, let divisor):
      guard let start = pixels.baseAddress else { return }
      let rows = Resizer.Pixels(start: start, stride: 3 * size.width)
      if divisor == 1 {
        resizer.frame(rows, framing, into: result)
      } else {
        resizer.frame(rows, of: size, dividedBy: divisor, framing, into: result)
      }
    }
  }
}
