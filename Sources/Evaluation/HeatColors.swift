import Foundation
import Images

/// The colours of heat maps.
///
/// matplotlib's inferno (Smith and van der Walt 2015): equal steps look equally large, lightness only grows, and so people who do
/// not see all colours, and printers that have none, show the same order.
enum HeatColors {
  /// Eleven of its colours at equal distances, from the weakest to the strongest.
  private static let anchors: [SIMD3<Float>] = [
    [0, 0, 4], [22, 11, 57], [66, 10, 104], [106, 23, 110], [147, 38, 103], [188, 55, 84], [221, 81, 58],
    [243, 119, 26],
    [252, 165, 10], [246, 215, 70], [252, 255, 164],
  ]

  /// The colour of a strength, 0…1: red, green and blue, 0…255.
  static func color(of strength: Float) -> SIMD3<Float> {
    let place = min(max(strength, 0), 1) * Float(anchors.count - 1)
    let lower = min(Int(place), anchors.count - 2)
    let share = place - Float(lower)
    return anchors[lower] * (1 - share) + anchors[lower + 1] * share
  }

  /// A picture in greys under a map of its size: what counts shines, the rest stays to be recognised.
  static func overlay(_ map: HeatMap, on picture: Picture) -> [UInt8] {
    precondition(map.width == picture.width && map.height == picture.height, "a map of another size")
    var rgb: [UInt8] = []
    rgb.reserveCapacity(picture.pixels.count)
    for (pixel, strength) in map.values.enumerated() {
      let luma =
        0.299 * Float(picture.pixels[3 * pixel]) + 0.587 * Float(picture.pixels[3 * pixel + 1]) + 0.114
        * Float(picture.pixels[3 * pixel + 2])
      let mixed = SIMD3(repeating: luma) * (1 - share) + color(of: strength) * share
      for channel in 0..<3 { rgb.append(UInt8(min(max(mixed[channel].rounded(), 0), 255))) }
    }
    return rgb
  }

  /// How much of a pixel is the map's.
  private static let share: Float = 0.62
}
