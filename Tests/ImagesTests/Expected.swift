import Foundation
import Images
import Testing

/// What `Fixtures/make.py` found Pillow, torchvision and open_clip to make of its pictures.
struct Expected: Decodable, Sendable {
  struct File: Decodable, Sendable, CustomTestStringConvertible {
    let file, format, digest, upright: String
    let width, height: Int
    let onBackground: String?
    var testDescription: String { file }
  }
  struct Resized: Decodable, Sendable {
    let width, height: Int
    let digest: String
  }
  struct Centered: Decodable, Sendable {
    let turned: Bool
    let pixels: Int
    let digest: String
  }
  struct Part: Decodable, Sendable {
    let seed: UInt64
    let width, height: Int
    let low: Double
    /// Top, left, height, width.
    let part: [Int]
    let digest: String
  }
  struct Encoded: Decodable, Sendable {
    let quality: Int
    let digest: String
  }
  let pictures: [File]
  let resized: [Resized]
  let centered: [Centered]
  let parts: [Part]
  let encoding: [Encoded]

  /// Read once; a test without it fails for want of cases.
  static let all: Expected? = try? JSONDecoder().decode(Expected.self, from: Data(fixture("expected.json")))
  static let pictures = all?.pictures ?? []
}

func fixture(_ name: String) throws -> [UInt8] {
  let url = try #require(Bundle.module.url(forResource: "Fixtures/\(name)", withExtension: nil))
  return [UInt8](try Data(contentsOf: url))
}

extension Picture {
  /// FNV-1a, 64 bits, of the pixels.
  var digest: String {
    let value = pixels.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  /// A quarter turn to the left.
  var turned: Picture {
    var turned: [UInt8] = []
    for x in (0..<width).reversed() {
      for y in 0..<height { turned += pixels[3 * (y * width + x)..<3 * (y * width + x) + 3] }
    }
    return Picture(size: PictureSize(width: height, height: width), pixels: turned)
  }

  func cropped(_ region: Region) -> Picture {
    var rows: [UInt8] = []
    for y in region.y..<region.y + region.size.height {
      let first = 3 * (y * width + region.x)
      rows += pixels[first..<first + 3 * region.size.width]
    }
    return Picture(size: region.size, pixels: rows)
  }
}

struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = (state ^ state >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    return z ^ z >> 31
  }
}
