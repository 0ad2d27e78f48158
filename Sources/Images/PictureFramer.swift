/// Decodes pictures and frames them, one after the other, in memory that is used again for the next.
///
/// What it makes is what ``Picture/decode(_:options:)`` and ``Picture/framed(_:)`` make. For one thread at a time.
public final class PictureFramer {
  /// The last picture, with what is to be made of it.
  private enum Decoded {
    case none
    case whole(Picture, Scaling)
    /// In the memory of the JPEG decoder.
    case part(JPEGDecoder.Pixels, Scaling)
  }

  private let resizer = Resizer()
  private let jpeg = JPEGDecoder()
  private var decoded = Decoded.none
  private var window = PictureSize(width: 0, height: 0)

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
    let framing = choose(header.size)
    framing.check(in: header.size)
    window = framing.window.size
    guard header.format == .jpeg else {
      decoded = .whole(try Picture.decode(file), Scaling(framing))
      return
    }
    let divisor = dividesLargeOnes ? Self.divisor(for: framing) : 1
    let scaling = Scaling(framing, of: header.size.divided(by: divisor), dividedBy: divisor)
    let pixels = try jpeg.decode(scaling.needed, of: file, size: header.size, dividedBy: divisor)
    decoded = .part(pixels, scaling)
  }

  /// Writes the picture that was decoded last, framed: rows of interleaved RGB.
  ///
  /// - Precondition: decoding it did not throw, and `pixels` has room for the framing's window.
  public func frame(into pixels: UnsafeMutableBufferPointer<UInt8>) {
    guard let result = pixels.baseAddress, pixels.count >= 3 * window.width * window.height else {
      preconditionFailure("\(pixels.count) bytes for a picture of \(window) pixels")
    }
    switch decoded {
    case .none: preconditionFailure("no picture was decoded")
    case .whole(let picture, let scaling):
      picture.pixels.withUnsafeBufferPointer { pixels in
        guard let start = pixels.baseAddress else { return }
        resizer.frame(Resizer.Pixels(start: start, region: Region(all: picture.size)), scaling, into: result)
      }
    case .part(let pixels, let scaling):
      guard let start = pixels.bytes.baseAddress else { return }
      resizer.frame(Resizer.Pixels(start: start, region: pixels.region), scaling, into: result)
    }
  }
}
