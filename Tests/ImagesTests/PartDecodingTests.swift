import CTurboJPEG
import Images
import Testing

/// Decoding a part of a JPEG file gives what decoding all of it gives: the same pixels, or the same error.
@Suite struct PartDecodingTests {
  /// A way to store pictures.
  struct Kind: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let subsampling: TJSAMP
    let isProgressive: Bool

    /// Smooth light with noise on it, so that nothing is made of its neighbours by chance.
    func file(_ size: PictureSize, using generator: inout SplitMix) throws -> [UInt8] {
      var pixels: [UInt8] = []
      for y in 0..<size.height {
        for x in 0..<size.width {
          for channel in 1...3 {
            pixels.append(UInt8((x * channel + y * (4 - channel)) % 192) + .random(in: 0..<64, using: &generator))
          }
        }
      }
      let encoder = try #require(tjInitCompress())
      defer { tjDestroy(encoder) }
      var file: UnsafeMutablePointer<UInt8>?
      var count: UInt = 0
      defer { tjFree(file) }
      let status = tjCompress2(
        encoder, pixels, CInt(size.width), 0, CInt(size.height), CInt(TJPF_RGB.rawValue), &file, &count,
        CInt(subsampling.rawValue), 85, isProgressive ? TJFLAG_PROGRESSIVE : 0)
      try #require(status == 0)
      return Array(UnsafeBufferPointer(start: file, count: Int(count)))
    }
  }

  static let kinds = [
    ("4:4:4", TJSAMP_444), ("4:2:2", TJSAMP_422), ("4:2:0", TJSAMP_420), ("4:4:0", TJSAMP_440),
    ("4:1:1", TJSAMP_411), ("gray", TJSAMP_GRAY),
  ].flatMap { name, subsampling in
    [false, true].map {
      Kind(testDescription: "\(name)\($0 ? " progressive" : "")", subsampling: subsampling, isProgressive: $0)
    }
  }

  static let fixtures = [
    "420.jpg", "422.jpg", "444.jpg", "440.jpg", "420-restarts.jpg", "422-restarts.jpg", "420-progressive.jpg",
    "422-progressive.jpg", "444-progressive.jpg", "gray.jpg", "cmyk.jpg", "ycck.jpg", "arithmetic.jpg",
    "odd-sampling.jpg", "rgb-stored.jpg", "410.jpg", "sampling-2x4.jpg", "sampling-4-2-1.jpg",
  ]

  private func part(of size: PictureSize, using generator: inout SplitMix) -> Region {
    let x = Int.random(in: 0..<size.width, using: &generator), y = Int.random(in: 0..<size.height, using: &generator)
    let width = Int.random(in: 1...size.width - x, using: &generator)
    let height = Int.random(in: 1...size.height - y, using: &generator)
    return Region(x: x, y: y, size: PictureSize(width: width, height: height))
  }

  private enum Outcome: Equatable {
    case pixels([UInt8])
    case error(String)
  }

  /// What comes of a part: its pixels out of those that were decoded, or the error.
  private func outcome(_ part: Region, of file: [UInt8], _ size: PictureSize, by decoder: JPEGDecoder) -> Outcome {
    do {
      let found = try decoder.decode(part, of: file.span, size: size)
      let picture = Picture(size: found.region.size, pixels: Array(found.bytes))
      let place = Region(x: part.x - found.region.x, y: part.y - found.region.y, size: part.size)
      return .pixels(picture.cropped(place).pixels)
    } catch {
      return .error("\(error)")
    }
  }

  /// What comes of a part by way of the whole.
  private func outcome(_ part: Region, ofWhole whole: Result<Picture, any Error>) -> Outcome {
    switch whole {
    case .success(let picture): .pixels(picture.cropped(part).pixels)
    case .failure(let error): .error("\(error)")
    }
  }

  @Test(arguments: kinds) func everyPartIsThatOfTheWhole(_ kind: Kind) throws {
    var generator = SplitMix(state: 5)
    // One for all: what is left of one part must not show in the next.
    let decoder = JPEGDecoder()
    let sides = [1, 2, 7, 8, 9, 15, 16, 17, 31, 33, 48, 61, 100, 131]
    for round in 0..<60 {
      let size = PictureSize(
        width: round < sides.count ? sides[round] : .random(in: 1...140, using: &generator),
        height: .random(in: 1...140, using: &generator))
      let file = try kind.file(size, using: &generator)
      let whole = Result { try Picture.decode(file) }
      for _ in 0..<30 {
        let part = part(of: size, using: &generator)
        let isSame = outcome(part, of: file, size, by: decoder) == outcome(part, ofWhole: whole)
        #expect(isSame, "\(part) of \(size)")
      }
    }
  }

  /// Scaled down as it is decoded; with sampling that few programs write, too.
  @Test(arguments: fixtures, [2, 4, 8]) func everyPartOfASmallerFixtureIsThatOfTheWhole(
    _ name: String, divisor: Int
  ) throws {
    var generator = SplitMix(state: 10)
    let file = try fixture(name), size = try PictureHeader(file).size, small = size.divided(by: divisor)
    // Memory that holds something else shows what nobody wrote.
    let decoder = JPEGDecoder(), other = try fixture("444.jpg")
    func decoded(_ part: Region) throws -> Picture {
      _ = try decoder.decode(Region(all: size), of: other.span, size: size)
      let found = try decoder.decode(part, of: file.span, size: size, dividedBy: divisor)
      let picture = Picture(size: found.region.size, pixels: Array(found.bytes))
      return picture.cropped(Region(x: part.x - found.region.x, y: part.y - found.region.y, size: part.size))
    }
    let whole = try decoded(Region(all: small))
    for _ in 0..<200 {
      let part = part(of: small, using: &generator)
      let isSame = try decoded(part).pixels == whole.cropped(part).pixels
      #expect(isSame, "\(part)")
    }
  }

  @Test(arguments: fixtures) func everyPartOfAFixtureIsThatOfTheWhole(_ name: String) throws {
    var generator = SplitMix(state: 6)
    let decoder = JPEGDecoder()
    let file = try fixture(name)
    let whole = try Picture.decode(file)
    for _ in 0..<200 {
      let part = part(of: whole.size, using: &generator)
      let isSame = outcome(part, of: file, whole.size, by: decoder) == .pixels(whole.cropped(part).pixels)
      #expect(isSame, "\(part)")
    }
  }

  /// The same however it is damaged, and wherever: above the part, in it, below it.
  @Test(arguments: kinds) func damageIsWhatItIsToTheWhole(_ kind: Kind) throws {
    var generator = SplitMix(state: 7)
    let size = PictureSize(width: 83, height: 140)
    let file = try kind.file(size, using: &generator)
    let pixels = try #require((0..<file.count - 1).first { file[$0] == 0xFF && file[$0 + 1] == 0xDA })
    let decoder = JPEGDecoder()
    var errors = 0, changes = 0
    for round in 0..<600 {
      var damaged = file
      let place = Int.random(in: pixels..<file.count, using: &generator)
      switch round % 6 {
      case 0: damaged[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
      case 1: damaged.remove(at: place)
      // Cut, or cut and ended all the same.
      case 2: damaged.removeLast(file.count - place)
      case 3: damaged.replaceSubrange(place..., with: [0xFF, 0xD9])
      // A marker of any kind, or zeros.
      case 4: damaged.replaceSubrange(place..<place, with: [0xFF, .random(in: 0...255, using: &generator)])
      default: damaged.replaceSubrange(place..<place, with: [UInt8](repeating: 0, count: 30))
      }
      let whole = Result { try Picture.decode(damaged) }
      if case .failure = whole { errors += 1 } else { changes += 1 }
      for _ in 0..<5 {
        let part = part(of: size, using: &generator)
        let isSame = outcome(part, of: damaged, size, by: decoder) == outcome(part, ofWhole: whole)
        #expect(isSame, "\(part), damage \(round) at byte \(place) of \(file.count)")
      }
    }
    #expect(errors > 100 && changes > 100, "\(errors) errors, \(changes) changes")
  }

  @Test(arguments: fixtures) func damageToAFixtureIsWhatItIsToTheWhole(_ name: String) throws {
    var generator = SplitMix(state: 8)
    let decoder = JPEGDecoder()
    let file = try fixture(name)
    let size = try PictureHeader(file).size
    for round in 0..<300 {
      var damaged = file
      let place = Int.random(in: 0..<file.count, using: &generator)
      if round % 3 == 0 {
        damaged.removeLast(file.count - place)
      } else {
        damaged[place] = .random(in: 0...255, using: &generator)
      }
      // A part lies in the size that the file itself tells.
      guard let told = try? PictureHeader(damaged).size, told == size else { continue }
      let whole = Result { try Picture.decode(damaged) }
      let part = part(of: size, using: &generator)
      let isSame = outcome(part, of: damaged, size, by: decoder) == outcome(part, ofWhole: whole)
      #expect(isSame, "\(part), damage at byte \(place) of \(file.count)")
    }
  }

  /// Nothing below the part is decoded, but a marker there that the library refuses is found all the same.
  @Test func aSecondHeaderBelowThePartIsAnError() throws {
    var generator = SplitMix(state: 9)
    let kind = try #require(Self.kinds.first)
    let size = PictureSize(width: 40, height: 200)
    var file = try kind.file(size, using: &generator)
    file.replaceSubrange(file.count - 20..<file.count - 20, with: [0xFF, 0xC0, 0, 11, 8, 0, 1, 0, 1, 1, 1, 0x11, 0])
    let whole = #expect(throws: ImageError.self) { try Picture.decode(file) }
    let top = Region(x: 0, y: 0, size: PictureSize(width: 40, height: 16))
    let found = #expect(throws: ImageError.self) { try JPEGDecoder().decode(top, of: file.span, size: size) }
    #expect(found?.reason == .corrupt && found?.description == whole?.description)
  }
}
