import Images
import Testing

@Suite struct ResizingTests {
  let big: Picture

  init() throws { big = try Picture.decode(fixture("big.png")) }

  @Test func resizesAsPillow() throws {
    let cases = try #require(Expected.all).resized
    for expected in cases {
      let size = PictureSize(width: expected.width, height: expected.height)
      #expect(big.resized(to: size).digest == expected.digest, "to \(size)")
    }
    #expect(cases.count >= 10)
  }

  @Test func aFramingIsACropThenAResizeThenACrop() {
    var generator = SplitMix(state: 7)
    func part(of size: PictureSize) -> Region {
      let x = Int.random(in: 0..<size.width, using: &generator)
      let y = Int.random(in: 0..<size.height, using: &generator)
      let width = Int.random(in: 1...size.width - x, using: &generator)
      let height = Int.random(in: 1...size.height - y, using: &generator)
      return Region(x: x, y: y, size: PictureSize(width: width, height: height))
    }
    for _ in 0..<100 {
      let source = part(of: big.size)
      let width = Int.random(in: 1...120, using: &generator)
      let scaled = PictureSize(width: width, height: Int.random(in: 1...120, using: &generator))
      let framing = Framing(source: source, scaled: scaled, window: part(of: scaled))
      let slow = big.cropped(source).resized(to: scaled).cropped(framing.window)
      #expect(big.framed(framing) == slow, "\(framing)")
    }
  }

  @Test func oneColorStaysOneColor() {
    for gray in [0, 1, 127, 254, 255] as [UInt8] {
      let flat = Picture(size: PictureSize(width: 50, height: 3), pixels: [UInt8](repeating: gray, count: 450))
      let resized = flat.resized(to: PictureSize(width: 23, height: 71))
      #expect(resized.pixels.allSatisfy { $0 == gray })
    }
  }

  @Test func theShortestSideShrinksOnly() {
    #expect(big.shrunk(toShortestSide: 61) == big)
    #expect(big.shrunk(toShortestSide: 100) == big)
    // 30 · 97 / 61 is 47.7: truncated.
    #expect(big.shrunk(toShortestSide: 30).size == PictureSize(width: 47, height: 30))
    #expect(big.turned.shrunk(toShortestSide: 30).size == PictureSize(width: 30, height: 47))
  }

  @Test func encodesLosslesslyAsPNG() throws {
    let copy = try Picture.decode(big.encodedAsPNG())
    #expect(copy == big)
  }

  @Test func encodesAsPillowDoesAsJPEG() throws {
    let cases = try #require(Expected.all).encoding
    for expected in cases {
      let file = try big.encodedAsJPEG(quality: expected.quality)
      #expect(try Picture.decode(file).digest == expected.digest, "quality \(expected.quality)")
    }
    #expect(cases.count == 2)
  }

  @Test func aPictureTooLongForJPEGIsAnError() {
    let line = Picture(size: PictureSize(width: 70_000, height: 1), pixels: [UInt8](repeating: 9, count: 210_000))
    let error = #expect(throws: ImageError.self) { try line.encodedAsJPEG() }
    #expect(error?.reason == .tooLarge)
  }
}
