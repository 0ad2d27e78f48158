import Foundation
public import Towers

/// How much each place of a picture counts for a similarity.
public struct HeatMap: Sendable {
  /// (height, width), each 0…1: the strongest place has 1, unless ``peak`` is 0.
  public let values: [Float]
  /// Places of a row.
  public let width: Int
  /// Rows.
  public let height: Int
  /// What the strongest place had before all were divided by it; 0 where no place speaks for the text.
  public let peak: Float

  /// Divides all places by the strongest.
  ///
  /// - Precondition: `strengths` has height · width finite numbers, none of them negative.
  init(_ strengths: [Float], width: Int, height: Int) {
    precondition(strengths.count == width * height, "\(strengths.count) places: \(width) × \(height)")
    let peak = strengths.max() ?? 0
    self.peak = peak
    self.width = width
    self.height = height
    values = peak > 0 ? strengths.map { $0 / peak } : strengths
  }

  /// Grad-CAM (Selvaraju et al. 2017): each channel weighs as much as its gradient has on average over all places; a
  /// place counts as the weighted sum of its features, and not at all where that is negative.
  ///
  /// - Parameter gradient: of the similarity with respect to the features, (rows, columns, channels).
  public static func gradCAM(_ features: SpatialFeatures, gradient: [Float]) -> HeatMap {
    let channels = features.channels, places = features.rows * features.columns
    var weights = [Double](repeating: 0, count: channels)
    for place in 0..<places {
      for channel in 0..<channels { weights[channel] += Double(gradient[place * channels + channel]) }
    }
    let strengths = (0..<places).map { place in
      let sum = (0..<channels).reduce(0.0) { $0 + weights[$1] * Double(features.values[place * channels + $1]) }
      return Float(max(sum / Double(places), 0))
    }
    return HeatMap(strengths, width: features.columns, height: features.rows)
  }

  /// How much the similarity changes with each pixel: absolute gradients, summed over the three channels, and smoothed by
  /// a Gaussian whose deviation is a 64th of the shorter side.
  ///
  /// - Parameter gradient: of the similarity with respect to the pixels, (3, height, width).
  public static func pixels(gradient: [Float], width: Int, height: Int) -> HeatMap {
    let pixels = width * height
    let sums = (0..<pixels).map { pixel in
      (0..<3).reduce(0 as Float) { $0 + abs(gradient[$1 * pixels + pixel]) }
    }
    let deviation = Double(min(width, height)) / 64
    let across = Resampling.gaussian(width, deviation: deviation)
    let down = Resampling.gaussian(height, deviation: deviation)
    return HeatMap(Resampling.apply(across, down, to: sums, width: width), width: width, height: height)
  }

  /// The map at another size, smoothly (bicubic, with repeated borders), and still 0…1.
  ///
  /// - Precondition: both are at least 1.
  public func resized(toWidth width: Int, height: Int) -> HeatMap {
    guard width != self.width || height != self.height else { return self }
    let made = Resampling.apply(
      Resampling.cubic(width, from: self.width), Resampling.cubic(height, from: self.height), to: values,
      width: self.width)
    return HeatMap(scaled: made.map { min(max($0, 0), 1) }, width: width, height: height, peak: peak)
  }

  private init(scaled values: [Float], width: Int, height: Int, peak: Float) {
    self.values = values
    self.width = width
    self.height = height
    self.peak = peak
  }

  /// A place in a picture: shares of its width from the left and of its height from the top, 0…1.
  public struct Place: Sendable, Equatable, Encodable {
    /// From the left.
    public let x: Double
    /// From the top.
    public let y: Double

    /// A place by both shares.
    public init(x: Double, y: Double) {
      self.x = x
      self.y = y
    }
  }

  /// The center of mass; nil where no place counts.
  public var center: Place? {
    guard peak > 0 else { return nil }
    var (sum, x, y) = (0.0, 0.0, 0.0)
    for (index, value) in values.enumerated() {
      sum += Double(value)
      x += Double(value) * (Double(index % width) + 0.5)
      y += Double(value) * (Double(index / width) + 0.5)
    }
    return Place(x: x / sum / Double(width), y: y / sum / Double(height))
  }

  /// The middle of the strongest place, of equals the first; nil where no place counts.
  public var strongest: Place? {
    guard peak > 0, let index = values.indices.max(by: { values[$0] < values[$1] }) else { return nil }
    return Place(
      x: (Double(index % width) + 0.5) / Double(width), y: (Double(index / width) + 0.5) / Double(height))
  }

  /// The share of places that are at least half as strong as the strongest.
  public var area: Double {
    peak > 0 ? Double(values.count { $0 >= 0.5 }) / Double(values.count) : 0
  }
}
