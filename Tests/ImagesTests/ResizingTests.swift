import CImageKernels
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

  @Test func whatIsNotScaledIsCopied() {
    let source = Region(x: 5, y: 3, size: PictureSize(width: 40, height: 31))
    let window = Region(x: 2, y: 7, size: PictureSize(width: 33, height: 20))
    let framed = big.framed(Framing(source: source, scaled: source.size, window: window))
    #expect(framed == big.cropped(source).cropped(window))
    #expect(big.resized(to: big.size) == big)
  }

  /// Processors with dot products of bytes take another way than the others. Few weights of few sizes would not tell a
  /// lost carry or a tap too many, so these are drawn, and as large as weights become.
  @Test(.enabled(if: CImageKernels_hasDotProducts() != 0, "this processor has no dot products of bytes"))
  func everyProcessorMakesTheSameBytes() {
    var generator = SplitMix(state: 19)
    for round in 0..<400 {
      let width = Int.random(in: 1...200, using: &generator), rows = Int.random(in: 1...70, using: &generator)
      let columns = DrawnTaps(inputs: width, outputs: .random(in: 1...100, using: &generator), using: &generator)
      let samples = (0..<3 * width * rows).map { _ in
        round % 2 == 0 ? UInt8.random(in: 0...255, using: &generator) : Bool.random(using: &generator) ? 255 : 0
      }
      columns.withKernelTaps { taps in
        var scratch = [UInt8](repeating: 0xA5, count: CImageKernels_rowScratch(width, taps))
        var (found, expected) = ([UInt8](repeating: 1, count: 3 * rows * taps.outputs), [UInt8]())
        expected = found
        CImageKernels_filterRows(samples, 3 * width, rows, width, taps, &found, &scratch)
        CImageKernels_filterRowsPlainly(samples, 3 * width, rows, width, taps, &expected, &scratch)
        #expect(found == expected, "rows of \(width) pixels to \(taps.outputs)")
      }
      let down = DrawnTaps(inputs: rows, outputs: .random(in: 1...40, using: &generator), using: &generator)
      down.withKernelTaps { taps in
        var (found, expected) = ([UInt8](repeating: 1, count: 3 * width * taps.outputs), [UInt8]())
        expected = found
        CImageKernels_filterColumns(samples, 3 * width, 3 * width, taps, &found)
        CImageKernels_filterColumnsPlainly(samples, 3 * width, 3 * width, taps, &expected)
        #expect(found == expected, "columns of \(rows) pixels to \(taps.outputs)")
      }
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
