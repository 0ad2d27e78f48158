import Images
import Testing

@Suite struct DecodingTests {
  @Test(arguments: Expected.pictures) func decodesAsPillow(_ expected: Expected.File) throws {
    let bytes = try fixture(expected.file)
    let header = try PictureHeader(bytes)
    #expect(header.size == PictureSize(width: expected.width, height: expected.height))
    #expect(header.format.rawValue.uppercased() == expected.format)
    let picture = try Picture.decode(bytes)
    #expect(picture.size == header.size)
    #expect(picture.digest == expected.digest)
  }

  @Test(arguments: Expected.pictures) func laysOnABackgroundAsPillow(_ expected: Expected.File) throws {
    guard let digest = expected.onBackground else { return }
    let options = DecodingOptions(background: RGB(red: 200, green: 30, blue: 117))
    #expect(try Picture.decode(fixture(expected.file), options: options).digest == digest)
  }

  @Test(arguments: Expected.pictures) func turnsUprightAsPillow(_ expected: Expected.File) throws {
    let picture = try Picture.decode(fixture(expected.file), options: DecodingOptions(appliesOrientation: true))
    #expect(picture.digest == expected.upright)
  }

  @Test func thereIsAPictureOfEveryKind() {
    #expect(Expected.pictures.count >= 55)
    // Orientation and transparency are really in the files: ignoring them would give something else.
    #expect(Expected.pictures.count { $0.upright != $0.digest } >= 9)
    #expect(Expected.pictures.count { $0.onBackground.map { [digest = $0.digest] in $0 != digest } ?? false } >= 12)
  }

  @Test func theFormatIsTheContents() throws {
    #expect(PictureFormat.detect(try fixture("a-png.jpg")) == .png)
    #expect(PictureFormat.detect(try fixture("lossy.webp")) == .webp)
    #expect(PictureFormat.detect(Array("RIFF....WAVE".utf8)) == nil)
    #expect(PictureFormat.detect([]) == nil)
  }

  @Test func theLimitIsInPixels() throws {
    let bytes = try fixture("gray.jpg")
    #expect(throws: Never.self) { try Picture.decode(bytes, options: DecodingOptions(pixelLimit: 37 * 29)) }
    let error = #expect(throws: ImageError.self) {
      try Picture.decode(bytes, options: DecodingOptions(pixelLimit: 37 * 29 - 1))
    }
    #expect(error?.reason == .tooLarge)
    #expect(error?.description == "too large: 37×29 pixels, expected at most 1072 in total")
  }

  @Test func hugeHeadersAllocateNothing() throws {
    var png = try fixture("rgb-8.png")
    png.replaceSubrange(16..<24, with: [0x7F, 0xFF, 0xFF, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF])
    let error = #expect(throws: ImageError.self) { try Picture.decode(png) }
    #expect(error?.reason == .tooLarge)
  }
}
