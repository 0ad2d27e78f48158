import CTurboJPEG

/// JPEG by libjpeg-turbo: accurate inverse DCT and smooth chroma upsampling, which are its defaults and Pillow's.
///
/// Decodes one picture after the other, in memory that is used again for the next. For one thread at a time.
package final class JPEGDecoder {
  private let decoder: tjhandle
  private let samples = Scratch()
  private let converted = Scratch()

  package init() throws {
    guard let decoder = tjInitDecompress() else { throw ImageError(.corrupt, "libjpeg-turbo cannot start") }
    self.decoder = decoder
  }

  deinit { tjDestroy(decoder) }

  /// Decodes a whole picture.
  ///
  /// - Parameter size: what its header tells.
  package static func decode(_ bytes: Span<UInt8>, size: PictureSize) throws -> Picture {
    let decoder = try JPEGDecoder()
    // The pixels live as long as the decoder.
    return try withExtendedLifetime(decoder) {
      Picture(size: size, pixels: Array(try decoder.decode(bytes, size: size).pixels))
    }
  }

  /// Decodes a whole picture into memory that is this decoder's: rows of RGB, until the next call.
  ///
  /// - Parameters:
  ///   - size: what its header tells.
  ///   - divisor: 2, 4 or 8 make it so many times smaller, by decoding its lowest frequencies only.
  /// - Returns: the pixels, and how many there are.
  package func decode(
    _ bytes: Span<UInt8>, size: PictureSize, dividedBy divisor: Int = 1
  ) throws -> (pixels: UnsafeBufferPointer<UInt8>, size: PictureSize) {
    let isCMYK = try readsAsCMYK(bytes, size: size)
    let size = size.divided(by: divisor), pixels = size.width * size.height
    let target = samples.bytes(pixels * (isCMYK ? 4 : 3))
    let status = bytes.withUnsafeBufferPointer { input in
      // Given a size, libjpeg-turbo never writes more, whatever a second header may say.
      tjDecompress2(
        decoder, input.baseAddress, UInt(input.count), target, CInt(size.width), 0, CInt(size.height),
        isCMYK ? CInt(TJPF_CMYK.rawValue) : CInt(TJPF_RGB.rawValue), 0)
    }
    if status != 0 { try check(bytes) }
    guard isCMYK else { return (UnsafeBufferPointer(start: target, count: 3 * pixels), size) }
    let rgb = converted.bytes(3 * pixels)
    Self.convert(invertedCMYK: target, count: pixels, into: rgb)
    return (UnsafeBufferPointer(start: rgb, count: 3 * pixels), size)
  }

  /// Whether the file has four color components; they cannot be had as RGB from libjpeg-turbo.
  private func readsAsCMYK(_ bytes: Span<UInt8>, size: PictureSize) throws -> Bool {
    var width: CInt = 0
    var height: CInt = 0
    var subsampling: CInt = 0
    var colors: CInt = -1
    let status = bytes.withUnsafeBufferPointer { input in
      tjDecompressHeader3(
        decoder, input.baseAddress, UInt(input.count), &width, &height, &subsampling, &colors)
    }
    // Unusual chroma subsampling is an error to this call only; by then it has found out all that is asked here.
    if status != 0, colors < 0 { try check(bytes) }
    guard Int(width) == size.width, Int(height) == size.height else {
      throw ImageError(.corrupt, "a JPEG file with two headers: \(size) and \(width)×\(height) pixels")
    }
    return colors == CInt(TJCS_CMYK.rawValue) || colors == CInt(TJCS_YCCK.rawValue)
  }

  /// Throws what the last call complained about, unless it is a warning Pillow lives with: damaged data inside a file
  /// that is complete.
  private func check(_ bytes: Span<UInt8>) throws {
    let message = String(cString: tjGetErrorStr2(decoder))
    let isTruncated = message.hasPrefix("Premature end of JPEG file") || !Self.hasEnd(bytes)
    // An error behind a warning has the warning's code; only its words are its own.
    let isWarning =
      tjGetErrorCode(decoder) == CInt(TJERR_WARNING.rawValue) && Self.warnings.contains { message.hasPrefix($0) }
    if isTruncated { throw ImageError(.truncated, "a JPEG file of \(bytes.count) bytes without its end: \(message)") }
    if !isWarning { throw ImageError(.corrupt, "a JPEG file: \(message)") }
  }

  /// How the library's warnings begin (jerror.h, JWRN_…), the one about a missing end aside.
  private static let warnings = [
    "Corrupt JPEG data", "Inconsistent progression sequence", "Invalid SOS parameters", "Unknown Adobe color transform",
    "Warning: unknown JFIF revision", "Application transferred too many scanlines",
  ]

  /// Whether an end-of-image marker follows the start of the first scan. The library keeps only its first warning, so
  /// one about damaged data may hide the one about a missing end.
  private static func hasEnd(_ bytes: Span<UInt8>) -> Bool {
    guard let scan = Segment.ofJPEG(bytes).last, scan.label == 0xDA else { return false }
    var position = bytes.count - 2
    while position >= scan.content.upperBound {
      if bytes[position] == 0xFF, bytes[position + 1] == 0xD9 { return true }
      position -= 1
    }
    return false
  }

  /// Pillow's way from CMYK as Adobe stores it, inverted, to RGB: each ink darkens what black leaves.
  private static func convert(
    invertedCMYK cmyk: UnsafePointer<UInt8>, count: Int, into rgb: UnsafeMutablePointer<UInt8>
  ) {
    for pixel in 0..<count {
      let light = UInt32(cmyk[4 * pixel + 3])
      for channel in 0..<3 {
        let ink = 255 - UInt32(cmyk[4 * pixel + channel])
        let product = ink * light + 128
        let taken = ((product >> 8) + product) >> 8
        rgb[3 * pixel + channel] = UInt8(light - taken)
      }
    }
  }
}
