import Foundation
import Images
import Testing

@Suite struct CropTests {
  let big: Picture

  init() throws { big = try Picture.decode(fixture("big.png")) }

  @Test func centersAsTorchvisionAndOpenCLIP() throws {
    let cases = try #require(Expected.all).centered
    for expected in cases {
      let picture = expected.turned ? big.turned : big
      let framing = Framing.center(of: picture.size, pixels: expected.pixels, rounding: .toNearestOrEven)
      #expect(picture.framed(framing).digest == expected.digest, "\(expected)")
    }
    #expect(cases.count == 10)
  }

  @Test func theHalfPixelOfAnOddMarginIsRounded() {
    // Margins of 0 to 7 pixels, and those that Python's round (torchvision) and // (Transformers) leave before the window.
    let toEven = [0, 0, 1, 2, 2, 2, 3, 4]
    let down = [0, 0, 1, 1, 2, 2, 3, 3]
    for margin in 0..<8 {
      for (rounding, offset) in [(FloatingPointRoundingRule.toNearestOrEven, toEven[margin]), (.down, down[margin])] {
        let long = 32 + margin
        let wide = Framing.center(of: PictureSize(width: long, height: 32), pixels: 32, rounding: rounding).window
        #expect(wide.x == offset && wide.y == 0, "\(rounding) of a margin of \(margin)")
        let high = Framing.center(of: PictureSize(width: 64, height: 2 * long), pixels: 32, rounding: rounding).window
        #expect(high.x == 0 && high.y == offset, "\(rounding) of a margin of \(margin)")
      }
    }
  }

  @Test func drawsPartsAsTorchvision() throws {
    let cases = try #require(Expected.all).parts
    for expected in cases {
      let size = PictureSize(width: expected.width, height: expected.height)
      let picture = (expected.height <= 61 ? big : big.turned).cropped(Region(all: size))
      var generator = SplitMix(state: expected.seed)
      let framing = Crop.resized(scale: expected.low...1).framing(of: size, pixels: 32, using: &generator)
      let source = framing.source
      #expect([source.y, source.x, source.size.height, source.size.width] == expected.part, "\(expected)")
      #expect(picture.framed(framing).digest == expected.digest, "\(expected)")
    }
    #expect(cases.count == 48)
  }

  @Test func squaresLieInsideAndEverywhere() {
    var generator = SplitMix(state: 1)
    let size = PictureSize(width: 300, height: 500)
    var offsets: Set<Int> = []
    for _ in 0..<400 {
      let framing = Crop.square.framing(of: size, pixels: 30, using: &generator)
      #expect(framing.source == Region(all: size))
      #expect(framing.scaled == PictureSize(width: 30, height: 50))
      #expect(framing.window.x == 0 && framing.window.size == PictureSize(width: 30, height: 30))
      offsets.insert(framing.window.y)
    }
    #expect(offsets == Set(0...20))
  }

  @Test func theSameNumbersGiveTheSameCrop() {
    for crop in [Crop.square, .resized(scale: Crop.openCLIPScale)] {
      let framings = (0..<2).map { _ in
        var generator = SplitMix(state: 42)
        return crop.framing(of: big.size, pixels: 24, using: &generator)
      }
      #expect(framings[0] == framings[1])
    }
  }

  @Test(arguments: [(1, 1), (1, 4000), (3000, 2)]) func extremeShapesWork(_ width: Int, _ height: Int) {
    let size = PictureSize(width: width, height: height)
    let pixels = (0..<size.width * size.height * 3).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    let picture = Picture(size: size, pixels: pixels)
    let drawn = [Crop.square, .resized(scale: 0.08...1)].map { crop in
      var generator = SplitMix(state: 3)
      return crop.framing(of: size, pixels: 32, using: &generator)
    }
    let centered = [FloatingPointRoundingRule.toNearestOrEven, .down].map { rounding in
      Framing.center(of: size, pixels: 32, rounding: rounding)
    }
    for framing in drawn + centered {
      let input = picture.framed(framing)
      #expect(input.size == PictureSize(width: 32, height: 32))
    }
  }

  @Test func normalizationIsOpenCLIPsJSON() throws {
    let json = #"{"mean": [0.48145466, 0.4578275, 0.40821073], "std": [0.26862954, 0.26130258, 0.27577711]}"#
    #expect(try JSONDecoder().decode(Normalization.self, from: Data(json.utf8)) == .clip)
    #expect(throws: DecodingError.self) {
      try JSONDecoder().decode(Normalization.self, from: Data(#"{"mean": [0.5], "std": [0.5, 0.5, 0.5]}"#.utf8))
    }
  }
}
