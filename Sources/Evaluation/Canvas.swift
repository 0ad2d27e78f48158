import CCairo

/// A white picture that text, rectangles and pictures are drawn on, by cairo. The only file here that touches C.
///
/// Lengths are pixels, `y` grows downwards. Text is set in DejaVu Sans; characters it lacks come out as boxes.
package final class Canvas {
  /// Red, green and blue, each 0…1.
  package struct Color: Sendable {
    let red: Double
    let green: Double
    let blue: Double

    /// A colour between black (0) and white (1).
    package static func gray(_ level: Double) -> Color { Color(red: level, green: level, blue: level) }
  }

  /// An area of the picture.
  package struct Rectangle: Equatable, Sendable {
    package let x: Double
    package let y: Double
    package let width: Double
    package let height: Double

    package init(x: Double, y: Double, width: Double, height: Double) {
      self.x = x
      self.y = y
      self.width = width
      self.height = height
    }

    /// The largest rectangle in the middle of this one that has the shape of `width` × `height`.
    package func fitting(width: Int, height: Int) -> Rectangle {
      let scale = min(self.width / Double(width), self.height / Double(height))
      let (fittedWidth, fittedHeight) = (Double(width) * scale, Double(height) * scale)
      return Rectangle(
        x: x + (self.width - fittedWidth) / 2, y: y + (self.height - fittedHeight) / 2,
        width: fittedWidth, height: fittedHeight)
    }
  }

  /// How text looks.
  package struct TextStyle: Sendable {
    let size: Double
    let isBold: Bool
    let color: Color

    package init(size: Double, isBold: Bool = false, color: Color = .gray(0)) {
      self.size = size
      self.isBold = isBold
      self.color = color
    }

    /// From the top of one line to the top of the next.
    package var lineHeight: Double { (size * 1.35).rounded(.up) }
  }

  private let surface: OpaquePointer
  private let context: OpaquePointer

  /// A white picture of `width` × `height` pixels.
  package init(width: Int, height: Int) throws {
    // cairo answers a failure with a dead object, which `check` finds, and never with nil.
    guard let surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, Int32(clamping: width), Int32(clamping: height)),
      let context = cairo_create(surface)
    else { throw DrawingError(description: "cairo gave no picture to draw on") }
    self.surface = surface
    self.context = context
    try Self.check(cairo_status(context), "draw a picture of \(width) × \(height) pixels")
    // Grey edges and unrounded widths: the same picture whatever the desktop's settings.
    let options = cairo_font_options_create()
    cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY)
    cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF)
    cairo_set_font_options(context, options)
    cairo_font_options_destroy(options)
    fill(Rectangle(x: 0, y: 0, width: Double(width), height: Double(height)), .gray(1))
  }

  deinit {
    cairo_destroy(context)
    cairo_surface_destroy(surface)
  }

  /// Paints a rectangle.
  package func fill(_ area: Rectangle, _ color: Color) {
    cairo_set_source_rgb(context, color.red, color.green, color.blue)
    cairo_rectangle(context, area.x, area.y, area.width, area.height)
    cairo_fill(context)
  }

  /// Writes one line of text whose left upper corner is at (`x`, `y`).
  package func draw(_ text: String, _ style: TextStyle, x: Double, y: Double) {
    select(style)
    cairo_set_source_rgb(context, style.color.red, style.color.green, style.color.blue)
    // The baseline: DejaVu's accented capitals reach 0.93 sizes above it.
    cairo_move_to(context, x, y + style.size)
    cairo_show_text(context, text)
  }

  /// Paints a picture over an area, smoothly scaled.
  ///
  /// - Parameter rgb: (height, width, 3), 8 bits each.
  package func draw(rgb: [UInt8], width: Int, height: Int, over area: Rectangle) throws {
    precondition(width > 0 && height > 0 && rgb.count == width * height * 3, "\(rgb.count) bytes: \(width) × \(height)")
    let picture = cairo_image_surface_create(CAIRO_FORMAT_RGB24, Int32(clamping: width), Int32(clamping: height))
    defer { cairo_surface_destroy(picture) }
    try Self.check(cairo_surface_status(picture), "draw a thumbnail of \(width) × \(height) pixels")
    cairo_surface_flush(picture)
    guard let bytes = cairo_image_surface_get_data(picture) else { return }
    let stride = Int(cairo_image_surface_get_stride(picture))
    for y in 0..<height {
      // cairo's pixels are native words with red above green above blue.
      let row = UnsafeMutableRawPointer(bytes + y * stride).assumingMemoryBound(to: UInt32.self)
      for x in 0..<width {
        let pixel = (y * width + x) * 3
        row[x] = UInt32(rgb[pixel]) << 16 | UInt32(rgb[pixel + 1]) << 8 | UInt32(rgb[pixel + 2])
      }
    }
    cairo_surface_mark_dirty(picture)

    cairo_save(context)
    cairo_rectangle(context, area.x, area.y, area.width, area.height)
    cairo_clip(context)
    cairo_translate(context, area.x, area.y)
    cairo_scale(context, area.width / Double(width), area.height / Double(height))
    cairo_set_source_surface(context, picture, 0, 0)
    // Without it the border would be mixed with the nothing beyond the picture.
    cairo_pattern_set_extend(cairo_get_source(context), CAIRO_EXTEND_PAD)
    cairo_paint(context)
    cairo_restore(context)
  }

  /// How wide a line of text is.
  package func width(of text: String, _ style: TextStyle) -> Double {
    select(style)
    var extents = cairo_text_extents_t()
    cairo_text_extents(context, text, &extents)
    return extents.x_advance
  }

  /// The picture as a PNG file.
  package func png() throws -> [UInt8] {
    // cairo remembers its first error and draws nothing afterwards, so it is enough to ask at the end.
    try Self.check(cairo_status(context), "draw")
    var file: [UInt8] = []
    let status = withUnsafeMutablePointer(to: &file) { file in
      cairo_surface_write_to_png_stream(
        surface,
        { file, bytes, count in
          let piece = UnsafeBufferPointer(start: bytes, count: Int(count))
          file?.assumingMemoryBound(to: [UInt8].self).pointee.append(contentsOf: piece)
          return CAIRO_STATUS_SUCCESS
        }, file)
    }
    try Self.check(status, "write a PNG file")
    return file
  }

  private func select(_ style: TextStyle) {
    let weight = style.isBold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL
    cairo_select_font_face(context, "DejaVu Sans", CAIRO_FONT_SLANT_NORMAL, weight)
    cairo_set_font_size(context, style.size)
  }

  private static func check(_ status: cairo_status_t, _ action: String) throws {
    guard status != CAIRO_STATUS_SUCCESS else { return }
    throw DrawingError(description: "cannot \(action): \(String(cString: cairo_status_to_string(status)))")
  }
}
