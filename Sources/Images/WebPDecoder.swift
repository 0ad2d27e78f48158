import CWebP

/// WebP by libwebp: lossy, lossless, with alpha, and the first frame of an animation.
enum WebPDecoder {
  static func size(of bytes: Span<UInt8>) -> PictureSize? {
    var width: CInt = 0
    var height: CInt = 0
    let isValid = bytes.withUnsafeBufferPointer { WebPGetInfo($0.baseAddress, $0.count, &width, &height) }
    return isValid == 0 ? nil : PictureSize(width: Int(width), height: Int(height))
  }

  /// Decodes through libwebp's animation interface, to which a still picture is an animation of one frame. It is what
  /// Pillow uses, and gives a first frame that covers only a part the rest of its canvas.
  static func decode(_ bytes: Span<UInt8>, size: PictureSize, on background: RGB?) throws -> Picture {
    // The animation interface says no more than "no"; a RIFF length beyond the end tells the most frequent reason.
    guard let length = bytes.integer(at: 4, bytes: 4, littleEndian: true), length + 8 <= bytes.count else {
      throw ImageError(.truncated, "a WebP file of \(bytes.count) bytes that announces more")
    }
    return try bytes.withUnsafeBufferPointer { input in
      var data = WebPData(bytes: input.baseAddress, size: input.count)
      guard let decoder = WebPAnimDecoderNew(&data, nil) else { throw ImageError(.corrupt, "a WebP file") }
      defer { WebPAnimDecoderDelete(decoder) }
      var canvas: UnsafeMutablePointer<UInt8>?
      var milliseconds: CInt = 0
      var info = WebPAnimInfo()
      guard WebPAnimDecoderGetInfo(decoder, &info) != 0, info.canvas_width == size.width,
        info.canvas_height == size.height, WebPAnimDecoderGetNext(decoder, &canvas, &milliseconds) != 0, let canvas
      else { throw ImageError(.corrupt, "a WebP file whose pixels cannot be decoded") }
      let rgba = UnsafeBufferPointer(start: canvas, count: size.width * size.height * 4)
      return Picture(size: size, on: background, rgba: rgba)
    }
  }
}
