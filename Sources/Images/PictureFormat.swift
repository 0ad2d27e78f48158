/// The formats pictures are read from.
public enum PictureFormat: String, Sendable, CaseIterable {
  /// JPEG, baseline or progressive; by libjpeg-turbo.
  case jpeg = "JPEG"
  /// PNG; by libpng.
  case png = "PNG"
  /// WebP, lossy or lossless; by libwebp.
  case webp = "WebP"

  /// The format the first bytes announce, whatever the file is called; nil if it is none of these.
  public static func detect(_ bytes: Span<UInt8>) -> PictureFormat? {
    if bytes.starts(with: [0xFF, 0xD8, 0xFF], at: 0) { return .jpeg }
    if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], at: 0) { return .png }
    if bytes.starts(with: Array("RIFF".utf8), at: 0), bytes.starts(with: Array("WEBP".utf8), at: 8) { return .webp }
    return nil
  }

  /// The format the first bytes announce, whatever the file is called; nil if it is none of these.
  public static func detect(_ bytes: [UInt8]) -> PictureFormat? {
    detect(bytes.span)
  }

  /// The format the first bytes announce, or an error that says what they are instead.
  static func required(_ bytes: Span<UInt8>) throws -> PictureFormat {
    guard !bytes.isEmpty else { throw ImageError(.empty, "found 0 bytes, expected a picture") }
    if let format = detect(bytes) { return format }
    let start = (0..<min(bytes.count, 8)).map { index in
      let digits = String(bytes[index], radix: 16)
      return digits.count == 1 ? "0" + digits : digits
    }
    throw ImageError(
      .unknownFormat,
      "\(bytes.count) bytes that start with \(start.joined(separator: " ")), expected JPEG, PNG or WebP")
  }
}
