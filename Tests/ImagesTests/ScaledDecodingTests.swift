import Foundation
import Images
import Testing

/// What decoding large JPEG files smaller changes, against the exact way.
@Suite struct ScaledDecodingTests {
  /// A picture like a photograph: the finer a detail, the less there is of it, but for a few edges.
  private func scene(_ size: PictureSize, seed: UInt64) -> Picture {
    var generator = SplitMix(state: seed)
    let waves = (0..<24).map { number in
      let pitch = 0.004 * pow(1.28, Double(number))
      let angle = Double.random(in: 0..<2 * .pi, using: &generator)
      return (
        x: pitch * cos(angle), y: pitch * sin(angle), phase: Double.random(in: 0..<2 * .pi, using: &generator),
        height: SIMD3<Double>.random(in: 0.2...1, using: &generator) * 0.25 / pitch.squareRoot()
      )
    }
    let edge = Double(size.width) * 0.4
    var pixels: [UInt8] = []
    pixels.reserveCapacity(3 * size.width * size.height)
    for y in 0..<size.height {
      for x in 0..<size.width {
        var light = SIMD3<Double>(repeating: 120)
        for wave in waves { light += wave.height * (10 * sin(wave.x * Double(x) + wave.y * Double(y) + wave.phase)) }
        if Double(x) + 0.3 * Double(y) < edge { light += SIMD3(50, 20, -30) }
        for channel in 0..<3 { pixels.append(UInt8(min(max(light[channel], 0), 255))) }
      }
    }
    return Picture(size: size, pixels: pixels)
  }

  private func framed(_ file: [UInt8], _ framing: Framing, dividing: Bool) throws -> [UInt8] {
    let framer = PictureFramer(dividingLargeOnes: dividing)
    try framer.decode(file.span) { _ in framing }
    var pixels = [UInt8](repeating: 0, count: 3 * framing.window.size.width * framing.window.size.height)
    pixels.withUnsafeMutableBufferPointer { framer.frame(into: $0) }
    return pixels
  }

  @Test(arguments: [(1000, 750), (600, 800), (1100, 1000)]) func differencesAreSmall(_ width: Int, _ height: Int) throws
  {
    let size = PictureSize(width: width, height: height)
    var generator = SplitMix(state: UInt64(width))
    let file = try scene(size, seed: UInt64(height)).encodedAsJPEG(quality: 90)
    for crop in [Crop.resized(scale: 0.9...1), .resized(scale: 0.9...1), .square] {
      let framing = crop.framing(of: size, pixels: 224, using: &generator)
      let exact = try framed(file, framing, dividing: false), scaled = try framed(file, framing, dividing: true)
      let differences = zip(exact, scaled).map { abs(Int($0) - Int($1)) }
      let mean = Double(differences.reduce(0, +)) / Double(differences.count)
      #expect(mean > 0 && mean < 1, "\(framing): \(mean) on average")
      #expect(differences.max() ?? 0 <= 32, "\(framing): \(differences.max() ?? 0) at most")
    }
  }

  @Test func smallPicturesAreDecodedExactly() throws {
    let size = PictureSize(width: 440, height: 440)
    let file = try scene(size, seed: 3).encodedAsJPEG(quality: 90)
    let framing = Framing(
      source: Region(all: size), scaled: PictureSize(width: 224, height: 224),
      window: Region(all: PictureSize(width: 224, height: 224)))
    #expect(try framed(file, framing, dividing: true) == framed(file, framing, dividing: false))
  }
}
