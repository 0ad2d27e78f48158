import Images
import Testing

/// Damaged files: an error of the right kind where Pillow raises one, and never a crash.
@Suite struct DamageTests {
  static let files = [
    "420.jpg", "422-progressive.jpg", "ycck.jpg", "rgb-8-interlaced.png", "palette-4-transparent.png", "gray-16.png",
    "lossy-alpha.webp", "lossless.webp", "animated.webp", "orientation-6.jpg", "orientation-8.webp",
  ]

  private func reason(_ bytes: [UInt8]) -> ImageError.Reason? {
    do {
      let options = DecodingOptions(background: RGB(red: 1, green: 2, blue: 3), appliesOrientation: true)
      _ = try Picture.decode(bytes, options: options)
      return nil
    } catch {
      return (error as? ImageError)?.reason
    }
  }

  @Test func nothingIsEmpty() {
    #expect(reason([]) == .empty)
  }

  @Test func otherFilesAreUnknown() throws {
    #expect(reason(Array("GIF89a and so on".utf8)) == .unknownFormat)
    let error = #expect(throws: ImageError.self) { try PictureHeader(Array("<html>".utf8)) }
    let found = "unknown format: 6 bytes that start with 3c 68 74 6d 6c 3e, expected JPEG, PNG or WebP"
    #expect(error?.description == found)
  }

  @Test(arguments: files) func aFileCutShortIsTruncated(_ name: String) throws {
    let bytes = try fixture(name)
    // A PNG file is complete with its pixels: 4 bytes of checksum and 12 of the last chunk may be missing.
    let slack = name.hasSuffix(".png") ? 20 : 0
    for count in stride(from: 12, to: bytes.count - slack, by: 7) {
      #expect(reason(Array(bytes[..<count])) == .truncated, "\(name) cut after \(count) of \(bytes.count) bytes")
    }
    for count in 1..<12 {
      let reason = reason(Array(bytes[..<count]))
      #expect(reason == .truncated || reason == .unknownFormat, "\(name) cut after \(count) bytes")
    }
    #expect(name.hasSuffix(".png") || reason(Array(bytes.dropLast())) == .truncated)
    #expect(reason(bytes) == nil)
  }

  @Test func damageBeforeACutDoesNotHideTheCut() throws {
    var bytes = try fixture("420.jpg")
    bytes.removeLast(200)
    // Zeros in the middle of the Huffman data make libjpeg warn of damage before it finds the end missing.
    bytes.replaceSubrange(bytes.count - 150..<bytes.count - 100, with: [UInt8](repeating: 0, count: 50))
    #expect(reason(bytes) == .truncated)
  }

  /// The library calls it a warning still, and leaves the pixels as they were in memory.
  @Test func anErrorBehindAWarningIsAnError() throws {
    var bytes = try fixture("420.jpg")
    let table = try #require((0..<bytes.count - 1).first { bytes[$0] == 0xFF && bytes[$0 + 1] == 0xDB })
    // The library skips what does not begin with FF, with a warning, and misses the table later.
    bytes[table] = 0xFE
    #expect(reason(bytes) == .corrupt)
  }

  @Test func aPNGChecksumIsChecked() throws {
    var bytes = try fixture("rgb-8.png")
    bytes[bytes.count / 2] ^= 1
    #expect(reason(bytes) == .corrupt)
  }

  @Test func aPNGWithoutItsHeaderIsCorrupt() throws {
    var bytes = try fixture("rgb-8.png")
    bytes[12] = UInt8(ascii: "X")
    #expect(reason(bytes) == .corrupt)
  }

  @Test(arguments: files) func flippedBitsNeverCrash(_ name: String) throws {
    let bytes = try fixture(name)
    var generator = SplitMix(state: UInt64(bytes.count))
    var failures = 0
    for _ in 0..<400 {
      var damaged = bytes
      for _ in 0..<Int.random(in: 1...4, using: &generator) {
        damaged[Int.random(in: 0..<bytes.count, using: &generator)] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
      }
      if reason(damaged) != nil { failures += 1 }
    }
    #expect(failures > 0)
  }

  @Test func garbageNeverDecodes() {
    var generator = SplitMix(state: 9)
    let starts: [[UInt8]] = [
      [], [0xFF, 0xD8, 0xFF], [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], Array("RIFF\u{40}\0\0\0WEBPVP8 ".utf8),
      // The same with sound headers of one pixel, so that the libraries themselves see the garbage.
      [0xFF, 0xD8, 0xFF, 0xC0, 0, 11, 8, 0, 1, 0, 1, 1, 1, 0x11, 0],
      [
        0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52, 0, 0, 0, 1, 0, 0, 0, 1, 8,
        2,
        0, 0, 0, 0x90, 0x77, 0x53, 0xDE,
      ],
    ]
    for start in starts {
      for count in 0..<200 {
        let garbage = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
        #expect(reason(start + garbage) != nil)
      }
    }
  }

  @Test func damagedExifMeansUpright() throws {
    let bytes = try fixture("orientation-6.jpg")
    let plain = try Picture.decode(bytes)
    let exif = try #require((0..<bytes.count - 4).first { Array(bytes[$0..<$0 + 4]) == Array("Exif".utf8) })
    // The TIFF header follows the label: byte order, 42, and an offset that now points far behind the file.
    var damaged = bytes
    damaged.replaceSubrange(exif + 10..<exif + 14, with: [0x7F, 0xFF, 0xFF, 0xFF])
    #expect(try Picture.decode(damaged, options: DecodingOptions(appliesOrientation: true)) == plain)
    damaged = bytes
    damaged[exif + 6] = UInt8(ascii: "X")
    #expect(try Picture.decode(damaged, options: DecodingOptions(appliesOrientation: true)) == plain)
  }
}
