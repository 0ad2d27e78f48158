import CJPEG

/// JPEG by libjpeg-turbo: accurate inverse DCT and smooth chroma upsampling, which are its defaults and Pillow's.
///
/// Decodes one picture after the other, in memory that is used again for the next. For one thread at a time.
package final class JPEGDecoder {
  private let samples = Scratch()
  private let converted = Scratch()

  package init() {}

  /// Decoded pixels, rows of RGB.
  package struct Pixels {
    /// In memory that is the decoder's, until it decodes again.
    package let bytes: UnsafeBufferPointer<UInt8>
    /// What they are of the picture.
    package let region: Region
  }

  /// Decodes a whole picture.
  ///
  /// - Parameter size: what its header tells.
  static func decode(_ bytes: Span<UInt8>, size: PictureSize) throws -> Picture {
    let decoder = JPEGDecoder()
    // The pixels live as long as the decoder.
    return try withExtendedLifetime(decoder) {
      Picture(size: size, pixels: Array(try decoder.decode(Region(all: size), of: bytes, size: size).bytes))
    }
  }

  /// Decodes a part of a picture, or a little more: what is in it is what decoding the whole would give.
  ///
  /// A file is an error whichever part is asked for, or none.
  ///
  /// - Parameters:
  ///   - part: of the picture, made smaller if it is.
  ///   - size: what its header tells.
  ///   - divisor: 2, 4 or 8 make it so many times smaller, by decoding its lowest frequencies only.
  package func decode(
    _ part: Region, of bytes: Span<UInt8>, size: PictureSize, dividedBy divisor: Int = 1
  ) throws -> Pixels {
    guard let file = CJPEG_open() else { throw ImageError(.corrupt, "libjpeg-turbo cannot start") }
    defer { CJPEG_close(file) }
    return try bytes.withUnsafeBufferPointer { input in
      func check(_ outcome: CJPEG_Outcome) throws { try Self.check(outcome, of: file, bytes) }
      var header = CJPEG_Header()
      try check(CJPEG_readHeader(file, input.baseAddress, input.count, &header))
      guard Int(header.width) == size.width, Int(header.height) == size.height else {
        throw ImageError(
          .corrupt, "a JPEG file with two headers: \(size) and \(header.width)×\(header.height) pixels")
      }
      let isCMYK = header.isCMYK != 0
      var decoded = CJPEG_Part(
        x: CInt(part.x), y: CInt(part.y), width: CInt(part.size.width), height: CInt(part.size.height))
      let room = part.size.height * size.divided(by: divisor).width
      let target = samples.bytes(room * (isCMYK ? 4 : 3))
      try check(CJPEG_decode(file, CInt(divisor), &decoded, target))
      let region = Region(
        x: Int(decoded.x), y: Int(decoded.y),
        size: PictureSize(width: Int(decoded.width), height: Int(decoded.height)))
      let count = region.size.width * region.size.height
      guard isCMYK else { return Pixels(bytes: UnsafeBufferPointer(start: target, count: 3 * count), region: region) }
      let rgb = converted.bytes(3 * count)
      Self.convert(invertedCMYK: target, count: count, into: rgb)
      return Pixels(bytes: UnsafeBufferPointer(start: rgb, count: 3 * count), region: region)
    }
  }

  /// Throws what the library complained about, unless it is a warning Pillow lives with: damaged data inside a file that
  /// is complete.
  private static func check(_ outcome: CJPEG_Outcome, of file: OpaquePointer, _ bytes: Span<UInt8>) throws {
    guard outcome != CJPEG_fine else { return }
    let isError = outcome == CJPEG_error
    let message = String(cString: CJPEG_message(file))
    if CJPEG_isCutShort(file) != 0 || isError && !hasEnd(bytes) {
      throw ImageError(.truncated, "a JPEG file of \(bytes.count) bytes without its end: \(message)")
    }
    if isError { throw ImageError(.corrupt, "a JPEG file: \(message)") }
  }

  /// Whether an end-of-image marker follows the start of the first scan.
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
