import Evaluation
import Testing
import Towers

@Suite struct HeatMapTests {
  /// Two channels: one that the similarity grows with, on the right, and one that it falls with, on the left.
  private let features = SpatialFeatures([0, 3, 1, 2, 2, 0, 0, 1, 1, 0, 4, 0], rows: 2, columns: 3)
  private let gradient: [Float] = [1, -1, 0, 0, 2, -2, 1, -1, 2, 0, 0, -2]

  @Test func gradCAMIsThePapersFormula() {
    let map = HeatMap.gradCAM(features, gradient: gradient)
    // The channels weigh 1 and −1: their means over six places.
    #expect(map.width == 3 && map.height == 2 && map.peak == 4)
    #expect(map.values == [0, 0, 0.5, 0, 0.25, 1])
    #expect(map.strongest == HeatMap.Place(x: 5.0 / 6, y: 0.75))
    #expect(abs((map.center?.y ?? 0) - (0.5 * 0.25 + 1.25 * 0.75) / 1.75) < 1e-6)
    #expect(map.area == 2.0 / 6)
    // What speaks against a text is left out: turned around, the other places count.
    #expect(HeatMap.gradCAM(features, gradient: gradient.map { -$0 }).values == [1, 1.0 / 3, 0, 1.0 / 3, 0, 0])
  }

  @Test func aMapWithoutAnythingSaysSo() {
    let map = HeatMap.gradCAM(features, gradient: [Float](repeating: 0, count: 12))
    #expect(map.peak == 0 && map.center == nil && map.strongest == nil && map.area == 0)
    #expect(map.resized(toWidth: 9, height: 4).values == [Float](repeating: 0, count: 36))
  }

  @Test func sizesChangeSmoothly() {
    let map = HeatMap.gradCAM(features, gradient: gradient)
    #expect(map.resized(toWidth: 3, height: 2).values == map.values)
    let large = map.resized(toWidth: 90, height: 60)
    #expect(large.values.count == 5400 && large.values.allSatisfy { (0...1).contains($0) } && large.peak == 4)
    // In the middle of a place it has the place's own strength, and from pixel to pixel little happens.
    for (place, value) in map.values.enumerated() {
      let pixel = (place / 3 * 30 + 15) * 90 + place % 3 * 30 + 15
      #expect(abs(large.values[pixel] - value) < 0.05, "place \(place)")
    }
    for pixel in 1..<5400 where pixel % 90 > 0 { #expect(abs(large.values[pixel] - large.values[pixel - 1]) < 0.06) }
    // The same picture from both sides.
    let mirrored = SpatialFeatures([1, 0, 2, 1, 0, 3, 0, 0, 2, 1, 0, 1], rows: 2, columns: 3)
    let there = HeatMap.gradCAM(mirrored, gradient: [Float](repeating: 1, count: 12)).resized(toWidth: 17, height: 11)
    let back = SpatialFeatures([0, 3, 2, 1, 1, 0, 0, 1, 2, 1, 0, 0], rows: 2, columns: 3)
    let here = HeatMap.gradCAM(back, gradient: [Float](repeating: 1, count: 12)).resized(toWidth: 17, height: 11)
    for row in 0..<11 {
      for column in 0..<17 {
        #expect(abs(there.values[row * 17 + column] - here.values[row * 17 + 16 - column]) < 1e-6)
      }
    }
  }

  @Test func pixelsCountByTheSumOfTheirColours() {
    // One pixel of 128 × 64 that all three colours speak of, two for and one against.
    var gradient = [Float](repeating: 0, count: 3 * 128 * 64)
    for (channel, value) in [2, -1, 1].enumerated() { gradient[channel * 128 * 64 + 40 * 128 + 100] = Float(value) }
    let map = HeatMap.pixels(gradient: gradient, width: 128, height: 64)
    #expect(map.strongest == HeatMap.Place(x: 100.5 / 128, y: 40.5 / 64))
    // Of a Gaussian with a deviation of a pixel, cut at three: its middle weighs 0.3991 along each axis.
    #expect(abs(map.peak - 4 * 0.3991 * 0.3991) < 1e-3)
    #expect(abs(map.values[40 * 128 + 101] - 0.6065) < 1e-3 && map.values[40 * 128 + 104] == 0)
    // Nothing is lost: smoothing keeps the sum, away from the border.
    #expect(abs(map.values.reduce(0, +) * map.peak - 4) < 1e-4)
  }
}
