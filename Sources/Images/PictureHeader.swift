/// What a picture file says about itself before its pixels.
public struct PictureHeader: Hashable, Sendable {
  /// The format, by content.
  public let format: PictureFormat
  /// Columns and rows as stored, before any Exif orientation.
  public let size: PictureSize

  /// Reads the header without decoding anything.
  public init(_ bytes: Span<UInt8>) throws {
    format = try PictureFormat.required(bytes)
    let size: PictureSize? =
      switch format {
      case .jpeg: Self.sizeOfJPEG(bytes)
      case .png: try Self.sizeOfPNG(bytes)
      case .webp: WebPDecoder.size(of: bytes)
      }
    guard let size else {
      throw ImageError(.truncated, "a \(format.rawValue) file of \(bytes.count) bytes without a complete header")
    }
    guard size.width > 0, size.height > 0 else {
      throw ImageError(.corrupt, "a \(format.rawValue) file whose header says \(size) pixels")
    }
    self.size = size
  }

  /// Reads the header without decoding anything.
  public init(_ bytes: [UInt8]) throws {
    try self.init(bytes.span)
  }

  /// Throws where there are more pixels than a limit.
  func check(limit: Int) throws {
    let (pixels, overflow) = size.width.multipliedReportingOverflow(by: size.height)
    guard !overflow, pixels <= limit else {
      throw ImageError(.tooLarge, "\(size) pixels, expected at most \(limit) in total")
    }
  }

  private static func sizeOfJPEG(_ bytes: Span<UInt8>) -> PictureSize? {
    // C0…CF start a frame of some coding process, except C4 (Huffman tables), C8 (reserved), CC (arithmetic tables).
    let others = [0xC4, 0xC8, 0xCC]
    let frame = Segment.ofJPEG(bytes).first { (0xC0...0xCF).contains($0.label) && !others.contains($0.label) }
    guard let frame, frame.content.count >= 5,
      let height = bytes.integer(at: frame.content.lowerBound + 1, bytes: 2),
      let width = bytes.integer(at: frame.content.lowerBound + 3, bytes: 2)
    else { return nil }
    return PictureSize(width: width, height: height)
  }

  private static func sizeOfPNG(_ bytes: Span<UInt8>) throws -> PictureSize? {
    // IHDR must come first, so its content has a fixed place.
    guard let label = bytes.integer(at: 12, bytes: 4), let width = bytes.integer(at: 16, bytes: 4),
      let height = bytes.integer(at: 20, bytes: 4)
    else { return nil }
    guard label == Segment.letters("IHDR") else {
      throw ImageError(.corrupt, "a PNG file that does not start with its header")
    }
    return PictureSize(width: width, height: height)
  }
}
