/// A labelled piece of a picture file: a JPEG marker segment, a PNG chunk or a WebP (RIFF) chunk.
///
/// The libraries parse these too, but do not tell where the Exif data lies, and only after setting up a decoder how
/// large the picture is.
struct Segment {
  /// A JPEG marker's second byte, or four letters as a big-endian number.
  let label: Int
  /// Where its content lies in the file, without label, length and checksum; within the file even if it is cut short.
  let content: Range<Int>

  /// The number that stands for four letters.
  static func letters(_ letters: StaticString) -> Int {
    letters.withUTF8Buffer { $0.reduce(0) { $0 << 8 | Int($1) } }
  }

  /// The segments of a JPEG file up to and including the first start of scan (ITU T.81, annex B).
  static func ofJPEG(_ bytes: Span<UInt8>) -> [Segment] {
    var segments: [Segment] = []
    var position = 2
    while position < bytes.count {
      // Stray bytes before a marker are skipped, as libjpeg does; a marker may be preceded by any number of FFs.
      guard bytes[position] == 0xFF, let marker = bytes.integer(at: position + 1, bytes: 1), marker != 0xFF,
        marker != 0
      else {
        position += 1
        continue
      }
      position += 2
      if marker == 0x01 || (0xD0...0xD8).contains(marker) { continue }
      guard marker != 0xD9, let length = bytes.integer(at: position, bytes: 2), length >= 2 else { break }
      let end = min(position + length, bytes.count)
      segments.append(Segment(label: marker, content: min(position + 2, end)..<end))
      position = end
      if marker == 0xDA { break }
    }
    return segments
  }

  /// The chunks of a PNG file: length, four letters, content, checksum.
  static func ofPNG(_ bytes: Span<UInt8>) -> [Segment] {
    var segments: [Segment] = []
    var position = 8
    while let length = bytes.integer(at: position, bytes: 4), let label = bytes.integer(at: position + 4, bytes: 4) {
      let start = position + 8
      segments.append(Segment(label: label, content: start..<min(start + length, bytes.count)))
      position = start + length + 4
    }
    return segments
  }

  /// The chunks of a WebP file: four letters, little-endian length, content padded to an even length.
  static func ofWebP(_ bytes: Span<UInt8>) -> [Segment] {
    var segments: [Segment] = []
    var position = 12
    while let label = bytes.integer(at: position, bytes: 4),
      let length = bytes.integer(at: position + 4, bytes: 4, littleEndian: true)
    {
      let start = position + 8
      segments.append(Segment(label: label, content: start..<min(start + length, bytes.count)))
      position = start + length + length % 2
    }
    return segments
  }
}
