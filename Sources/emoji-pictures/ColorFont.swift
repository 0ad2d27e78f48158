import CHarfBuzz
import Files

/// A font whose glyphs are PNG pictures, read by HarfBuzz. The only file here that touches C.
final class ColorFont {
  private let font: OpaquePointer
  private let buffer: OpaquePointer

  /// Opens a font file; one without PNG glyphs is an error.
  init(_ path: String) throws {
    guard Directory.exists(path) else {
      throw FileError(
        path, "there is no such font; Debian's package fonts-noto-color-emoji installs it, --font names another")
    }
    guard let blob = hb_blob_create_from_file_or_fail(path) else { throw FileError(path, "cannot be read") }
    let face = hb_face_create(blob, 0)
    hb_blob_destroy(blob)
    defer { hb_face_destroy(face) }
    guard let face, hb_ot_color_has_png(face) != 0, let font = hb_font_create(face), let buffer = hb_buffer_create()
    else {
      throw FileError(
        path, "has no PNG pictures of glyphs (a CBDT or sbix table), expected a font like Noto Color Emoji")
    }
    self.font = font
    self.buffer = buffer
  }

  deinit {
    hb_buffer_destroy(buffer)
    hb_font_destroy(font)
  }

  /// The PNG file of the one glyph a string is drawn with; nil where it takes several, none, or one without colours.
  func picture(of text: String) -> [UInt8]? {
    guard let glyph = onlyGlyph(of: text), let blob = hb_ot_color_glyph_reference_png(font, glyph) else { return nil }
    defer { hb_blob_destroy(blob) }
    var count: UInt32 = 0
    guard let bytes = hb_blob_get_data(blob, &count), count > 0 else { return nil }
    return Array(UnsafeRawBufferPointer(start: bytes, count: Int(count)))
  }

  private func onlyGlyph(of text: String) -> hb_codepoint_t? {
    hb_buffer_reset(buffer)
    let scalars = text.unicodeScalars.map(\.value)
    hb_buffer_add_codepoints(buffer, scalars, Int32(scalars.count), 0, Int32(scalars.count))
    hb_buffer_guess_segment_properties(buffer)
    hb_shape(font, buffer, nil, 0)
    var count: UInt32 = 0
    guard let glyphs = hb_buffer_get_glyph_infos(buffer, &count), count == 1 else { return nil }
    // 0 is the box fonts draw for what they lack.
    return glyphs[0].codepoint == 0 ? nil : glyphs[0].codepoint
  }
}
