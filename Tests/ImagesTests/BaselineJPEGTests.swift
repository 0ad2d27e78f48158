import CTurboJPEG
import Images
import Testing

/// JPEG as decoded here against the library, byte for byte: all files, all parts of them, damaged ones too.
@Suite struct BaselineJPEGTests {
  static let samplings = [TJSAMP_444, TJSAMP_422, TJSAMP_420]

  /// A picture with something in it of every size, from edges to slopes.
  private func picture(_ size: PictureSize, seed: UInt64) -> Picture {
    var generator = SplitMix(state: seed)
    let noise = UInt64.random(in: 0..<64, using: &generator)
    let (a, b, c) = (Int.random(in: 1...9, using: &generator), Int.random(in: 1...9, using: &generator), Int(seed % 7))
    var pixels: [UInt8] = []
    for y in 0..<size.height {
      for x in 0..<size.width {
        let edge = (x / 11 + y / 7) % 2 == 0 ? 60 : 0
        for channel in 0..<3 {
          let slope = (a * x + b * y * (channel + 1) + 40 * c) % 256
          let grain = Int(generator.next() % (noise + 1))
          pixels.append(UInt8(truncatingIfNeeded: min(255, slope / 2 + edge + grain)))
        }
      }
    }
    return Picture(size: size, pixels: pixels)
  }

  private func jpeg(_ picture: Picture, _ sampling: TJSAMP, quality: Int, flags: CInt = 0) throws -> [UInt8] {
    let encoder = try #require(tjInitCompress())
    defer { tjDestroy(encoder) }
    var file: UnsafeMutablePointer<UInt8>?
    var count: UInt = 0
    defer { tjFree(file) }
    let status = tjCompress2(
      encoder, picture.pixels, CInt(picture.width), 0, CInt(picture.height), CInt(TJPF_RGB.rawValue), &file, &count,
      CInt(sampling.rawValue), CInt(quality), flags)
    #expect(status == 0)
    return Array(UnsafeBufferPointer(start: file, count: Int(count)))
  }

  /// What the library makes of a file.
  private func library(_ file: [UInt8]) -> Result<Picture, any Error> {
    Result { try JPEGDecoder.decode(file.span, size: PictureHeader(file).size) }
  }

  /// What is decoded here, if it is.
  private func own(_ file: [UInt8], _ part: Region? = nil) throws -> Picture? {
    let workspace = try #require(BaselineJPEG.Workspace())
    guard let jpeg = BaselineJPEG(file.span, workspace) else { return nil }
    let part = part ?? Region(all: jpeg.size)
    var pixels = [UInt8](repeating: 0, count: 3 * part.size.width * part.size.height)
    let isSound = pixels.withUnsafeMutableBufferPointer { pixels in
      pixels.baseAddress.map { jpeg.decode(file.span, part, into: $0, workspace) } ?? false
    }
    return isSound ? Picture(size: part.size, pixels: pixels) : nil
  }

  @Test(arguments: samplings) func everySizeIsTheLibrarys(_ sampling: TJSAMP) throws {
    for width in Array(5..<40) + [64, 97, 250] {
      for height in [1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 33, 49] {
        let seed = UInt64(1000 * width + height)
        let quality = [10, 50, 75, 90, 95, 100][(width + height) % 6]
        let file = try jpeg(picture(PictureSize(width: width, height: height), seed: seed), sampling, quality: quality)
        let isSame = try own(file) == library(file).get()
        #expect(isSame, "\(width) × \(height), quality \(quality)")
      }
    }
  }

  @Test(arguments: samplings) func everyPartIsOfTheWhole(_ sampling: TJSAMP) throws {
    var generator = SplitMix(state: 77)
    for number in 0..<40 {
      let size = PictureSize(
        width: Int.random(in: 5...300, using: &generator), height: Int.random(in: 1...200, using: &generator))
      let file = try jpeg(picture(size, seed: UInt64(number)), sampling, quality: 30 + number)
      let whole = try library(file).get()
      for _ in 0..<12 {
        let (x, y) = (
          Int.random(in: 0..<size.width, using: &generator), Int.random(in: 0..<size.height, using: &generator)
        )
        let part = Region(
          x: x, y: y,
          size: PictureSize(
            width: Int.random(in: 1...size.width - x, using: &generator),
            height: Int.random(in: 1...size.height - y, using: &generator)))
        let isSame = try own(file, part) == whole.cropped(part)
        #expect(isSame, "\(part) of \(size)")
      }
    }
  }

  /// Which way a file goes shows in no pixel, but in the time it takes.
  @Test func theUsualFilesAreDecodedHere() throws {
    for name in ["444.jpg", "422.jpg", "420.jpg", "orientation-6.jpg", "420-restarts.jpg", "422-restarts.jpg"] {
      #expect(try own(fixture(name)) != nil, "\(name)")
    }
    for name in [
      "420-progressive.jpg", "440.jpg", "arithmetic.jpg", "cmyk.jpg", "cmyk-without-adobe.jpg", "gray.jpg",
      "odd-sampling.jpg", "rgb-stored.jpg", "ycck.jpg",
    ] {
      #expect(try own(fixture(name)) == nil, "\(name)")
    }
  }

  @Test func theTablesOfAFileAreItsOwn() throws {
    let size = PictureSize(width: 40, height: 30)
    let file = try jpeg(picture(size, seed: 3), TJSAMP_420, quality: 80)
    // The first table is renamed a comment.
    var without = file
    let table = try #require((0..<file.count - 1).first { file[$0] == 0xFF && file[$0 + 1] == 0xC4 })
    without[table + 1] = 0xFE
    let workspace = try #require(BaselineJPEG.Workspace())
    #expect(BaselineJPEG(file.span, workspace) != nil)
    #expect(BaselineJPEG(without.span, workspace) == nil)
    #expect(BaselineJPEG(file.span, workspace) != nil)
  }

  /// Whatever is wrong: the same error, or the same pixels where the library lives with it.
  @Test(arguments: samplings) func damageIsTheLibrarys(_ sampling: TJSAMP) throws {
    var generator = SplitMix(state: 5)
    var kinds: Set<String> = []
    for number in 0..<600 {
      let size = PictureSize(width: 70, height: 50)
      var file = try jpeg(picture(size, seed: UInt64(number % 5)), sampling, quality: 20 + number % 80)
      for _ in 0..<Int.random(in: 1...3, using: &generator) {
        file[Int.random(in: 2..<file.count, using: &generator)] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
      }
      if number % 10 == 0 { file.removeLast(Int.random(in: 1..<200, using: &generator)) }
      guard let header = try? PictureHeader(file), header.size.width * header.size.height < 1 << 16 else { continue }
      switch (library(file), Result { try Picture.decode(file) }) {
      case (.success(let expected), .success(let found)):
        kinds.insert(try own(file) == nil ? "left to the library" : "decoded")
        let isSame = found == expected
        #expect(isSame, "file \(number)")
      case (.failure(let expected), .failure(let found)):
        kinds.insert("refused")
        #expect("\(found)" == "\(expected)", "file \(number)")
      default: Issue.record("file \(number): either is refused and the other is not")
      }
    }
    #expect(kinds == ["left to the library", "decoded", "refused"])
  }
}
