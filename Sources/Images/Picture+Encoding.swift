import CPNG
import CTurboJPEG

extension Picture {
  /// A JPEG file with chroma at half resolution, Pillow's and OpenCV's default and so that of most data sets.
  ///
  /// - Parameter quality: 1…100.
  /// - Throws: ``ImageError`` if the picture is too large for JPEG (65,535 pixels a side).
  public func encodedAsJPEG(quality: Int = 95) throws -> [UInt8] {
    guard let encoder = tjInitCompress() else { throw ImageError(.corrupt, "libjpeg-turbo cannot start") }
    defer { tjDestroy(encoder) }
    var file: UnsafeMutablePointer<UInt8>?
    var count: UInt = 0
    defer { tjFree(file) }
    let status = tjCompress2(
      encoder, pixels, CInt(clamping: width), 0, CInt(clamping: height), CInt(TJPF_RGB.rawValue), &file, &count,
      CInt(TJSAMP_420.rawValue), CInt(quality), TJFLAG_ACCURATEDCT)
    guard status == 0 else {
      throw ImageError(.tooLarge, "\(size) pixels as JPEG: \(String(cString: tjGetErrorStr2(encoder)))")
    }
    return Array(UnsafeBufferPointer(start: file, count: Int(count)))
  }

  /// A PNG file.
  ///
  /// - Throws: ``ImageError`` if the picture is too large for PNG.
  public func encodedAsPNG() throws -> [UInt8] {
    var image = png_image()
    image.version = png_uint_32(PNG_IMAGE_VERSION)
    image.width = png_uint_32(clamping: width)
    image.height = png_uint_32(clamping: height)
    image.format = png_uint_32(PNG_FORMAT_RGB)
    defer { png_image_free(&image) }
    var count = CPNG_sizeLimit(&image)
    let file = [UInt8](unsafeUninitializedCapacity: Int(count)) { file, initialized in
      if png_image_write_to_memory(&image, file.baseAddress, &count, 0, pixels, 0, nil) != 0 {
        initialized = Int(count)
      }
    }
    guard !file.isEmpty else {
      let message = withUnsafeBytes(of: image.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      throw ImageError(.tooLarge, "\(size) pixels as PNG: \(message)")
    }
    return file
  }
}
