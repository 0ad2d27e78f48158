import Images
import Testing

/// Framing without decoding what is not needed gives what decoding and framing the whole gives, byte for byte.
@Suite struct PictureFramerTests {
  static let files = [
    "420.jpg", "422.jpg", "444.jpg", "440.jpg", "420-restarts.jpg", "422-restarts.jpg", "420-progressive.jpg",
    "422-progressive.jpg", "gray.jpg", "cmyk.jpg", "ycck.jpg", "rgb-8.png", "palette-4.png", "lossy.webp",
  ]

  @Test func everyFramingIsThatOfTheWhole() throws {
    // One for all: what is left of one picture must not show in the next.
    let framer = PictureFramer()
    var generator = SplitMix(state: 11)
    for round in 0..<60 {
      for name in Self.files {
        let file = try fixture(name)
        let side = [8, 16, 33, 224][round % 4]
        let crop = round % 3 == 0 ? Crop.square : .resized(scale: round % 3 == 1 ? 0.9...1 : 0.05...1)
        var chosen: Framing?
        try framer.decode(file.span) { size in
          let framing = crop.framing(of: size, pixels: side, using: &generator)
          chosen = framing
          return framing
        }
        var pixels = [UInt8](repeating: 0, count: 3 * side * side)
        pixels.withUnsafeMutableBufferPointer { framer.frame(into: $0) }
        let framing = try #require(chosen)
        let isSame = try pixels == Picture.decode(file).framed(framing).pixels
        #expect(isSame, "\(framing) of \(name)")
      }
    }
  }

  @Test func errorsAreThoseOfDecoding() throws {
    let framer = PictureFramer()
    let file = try fixture("420.jpg")
    for bytes in [[], Array("GIF89a".utf8), Array(file.dropLast(30)), Array(file.dropLast())] {
      let expected = #expect(throws: ImageError.self) { try Picture.decode(bytes) }
      let found = #expect(throws: ImageError.self) { try framer.decode(bytes.span) { .whole($0) } }
      #expect(found?.description == expected?.description)
    }
    // Broken off anywhere, it must not show in the next.
    let whole = try Picture.decode(file)
    for length in stride(from: 0, to: file.count, by: 7) {
      #expect(throws: ImageError.self) { try framer.decode(Array(file.prefix(length)).span) { .whole($0) } }
      try framer.decode(file.span) { .whole($0) }
      var pixels = [UInt8](repeating: 0, count: whole.pixels.count)
      pixels.withUnsafeMutableBufferPointer { framer.frame(into: $0) }
      #expect(pixels == whole.pixels, "behind \(length) bytes of it")
    }
  }
}

extension Framing {
  fileprivate static func whole(_ size: PictureSize) -> Framing {
    Framing(source: Region(all: size), scaled: size, window: Region(all: size))
  }
}
