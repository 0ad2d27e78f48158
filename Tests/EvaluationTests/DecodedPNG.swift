import CPNG
import Testing

/// A PNG file as libpng, not cairo, reads it.
struct DecodedPNG {
  let width: Int
  let height: Int
  private let rgb: [UInt8]

  init(_ file: [UInt8]) throws {
    var image = png_image()
    image.version = UInt32(PNG_IMAGE_VERSION)
    defer { png_image_free(&image) }
    // libpng keeps the file's address from the first call to the last.
    rgb = try file.withUnsafeBytes { file in
      try #require(png_image_begin_read_from_memory(&image, file.baseAddress, file.count) != 0)
      image.format = UInt32(PNG_FORMAT_FLAG_COLOR)
      var rgb = [UInt8](repeating: 0, count: Int(image.width * image.height * 3))
      try #require(png_image_finish_read(&image, nil, &rgb, 0, nil) != 0)
      return rgb
    }
    (width, height) = (Int(image.width), Int(image.height))
  }

  subscript(x: Int, y: Int) -> [UInt8] { Array(rgb[(y * width + x) * 3..<(y * width + x) * 3 + 3]) }

  /// Whether any pixel of an area is not white.
  func hasInk(_ columns: Range<Int>, _ rows: Range<Int>) -> Bool {
    rows.contains { y in columns.contains { x in self[x, y] != [255, 255, 255] } }
  }
}
