/// How a camera was held, by the Exif tag of that name (Exif 2.3, tag 0112): which side of the stored picture is up.
enum Orientation: Int, CaseIterable {
  case upright = 1
  case mirrored, upsideDown, upsideDownMirrored
  case leftSideUpMirrored, leftSideUp, rightSideUpMirrored, rightSideUp

  /// Whether columns become rows.
  var swapsSides: Bool { rawValue >= 5 }

  /// The orientation a picture file asks for; upright if it asks for none or its Exif data are damaged.
  init(of bytes: Span<UInt8>, format: PictureFormat) {
    let exif =
      switch format {
      case .jpeg:
        // Other data, such as XMP, come in segments of the same label.
        Segment.ofJPEG(bytes).first {
          $0.label == 0xE1 && bytes.starts(with: Self.exifLabel, at: $0.content.lowerBound)
        }
      case .png: Segment.ofPNG(bytes).first { $0.label == Segment.letters("eXIf") }
      case .webp: Segment.ofWebP(bytes).first { $0.label == Segment.letters("EXIF") }
      }
    guard let exif else {
      self = .upright
      return
    }
    self = Self.read(fromExif: bytes.extracting(exif.content)) ?? .upright
  }

  /// Finds the tag in Exif data: a TIFF header (byte order, 42, offset of the first directory), and a directory of
  /// 12-byte entries (tag, type, count, value).
  private static func read(fromExif exif: Span<UInt8>) -> Orientation? {
    // JPEG requires the label before the TIFF header, the others forbid it; some writers put it there all the same.
    let start = exif.starts(with: exifLabel, at: 0) ? exifLabel.count : 0
    let littleEndian = exif.starts(with: Array("II".utf8), at: start)
    guard littleEndian || exif.starts(with: Array("MM".utf8), at: start) else { return nil }
    func integer(_ offset: Int, _ count: Int) -> Int? {
      exif.integer(at: start + offset, bytes: count, littleEndian: littleEndian)
    }
    guard integer(2, 2) == 42, let directory = integer(4, 4), let entries = integer(directory, 2) else { return nil }
    for index in 0..<entries {
      let entry = directory + 2 + 12 * index
      guard let tag = integer(entry, 2), let type = integer(entry + 2, 2), let count = integer(entry + 4, 4) else {
        return nil
      }
      if tag == orientationTag, type == shortType, count == 1 {
        return integer(entry + 8, 2).flatMap(Orientation.init(rawValue:))
      }
    }
    return nil
  }

  private static let exifLabel = Array("Exif\0\0".utf8)
  private static let orientationTag = 0x0112
  private static let shortType = 3
}

extension Picture {
  /// The picture as it was meant to be seen.
  func turned(_ orientation: Orientation) -> Picture {
    if orientation == .upright { return self }
    let turned = orientation.swapsSides ? PictureSize(width: height, height: width) : size
    // Steps, in pixels of the stored picture, from one pixel of the upright picture to the next in its row and column.
    let (start, right, down) =
      switch orientation {
      case .upright: (0, 1, width)
      case .mirrored: (width - 1, -1, width)
      case .upsideDown: (width * height - 1, -1, -width)
      case .upsideDownMirrored: (width * (height - 1), 1, -width)
      case .leftSideUpMirrored: (0, width, 1)
      case .leftSideUp: (width * (height - 1), -width, 1)
      case .rightSideUpMirrored: (width * height - 1, -width, -1)
      case .rightSideUp: (width - 1, width, -1)
      }
    let result = [UInt8](unsafeUninitializedCapacity: pixels.count) { result, count in
      pixels.withUnsafeBufferPointer { pixels in
        for y in 0..<turned.height {
          for x in 0..<turned.width {
            let to = 3 * (y * turned.width + x)
            let from = 3 * (start + y * down + x * right)
            for channel in 0..<3 { result[to + channel] = pixels[from + channel] }
          }
        }
      }
      count = result.count
    }
    return Picture(size: turned, pixels: result)
  }
}
