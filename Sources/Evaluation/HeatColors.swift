import Foundation
import Images

/// The colours of heat maps.
///
/// matplotlib's inferno (Smith and van der Walt 2015): equal steps look equally large, and lightness only grows, so that
/// people who do not see all colours see the same order, as do printers that have none.
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

  /// A picture in greys under a map of its size: the stronger a place, the more its colour covers; of places that do not
  /// count the picture is left, somewhat lightened where it is dark, so that all of it can be recognised.
  static func overlay(_ map: HeatMap, on picture: Picture) -> [UInt8] {
    precondition(map.width == picture.width && map.height == picture.height, "a map of another size")
    var rgb: [UInt8] = []
    rgb.reserveCapacity(picture.pixels.count)
    for (pixel, strength) in map.values.enumerated() {
      // Luma by ITU-R BT.601.
      let luma = zip([0.299, 0.587, 0.114] as [Float], picture.pixels[3 * pixel..<3 * pixel + 3])
        .reduce(0) { $0 + $1.0 * Float($1.1) }
      let gray = SIMD3(repeating: darkest + luma * (255 - darkest) / 255)
      let share = weakestShare + (strongestShare - weakestShare) * strength
      let mixed = gray * (1 - share) + color(of: strength) * share
      for channel in 0..<3 { rgb.append(UInt8(min(max(mixed[channel].rounded(), 0), 255))) }
    }
    return rgb
  }

  /// What becomes of black.
  private static let darkest: Float = 56
  /// How much of a pixel is the map's: where nothing counts, and at the strongest place.
  private static let (weakestShare, strongestShare): (Float, Float) = (0.25, 0.8)
}
