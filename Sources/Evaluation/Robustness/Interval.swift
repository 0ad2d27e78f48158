/// A range that holds most of what resampling found.
public struct Interval: Encodable, Equatable, Sendable {
  /// Its lower end.
  public let low: Double
  /// Its upper end.
  public let high: Double

  /// The share of values it holds, 2.5 % of them on either side of it.
  static let share = 0.95

  /// The ends lie between values as numpy's `quantile` puts them.
  init(of values: [Double]) {
    let sorted = values.sorted()
    func quantile(_ share: Double) -> Double {
      let place = share * Double(sorted.count - 1), below = Int(place)
      let above = min(below + 1, sorted.count - 1)
      return sorted[below] + (place - Double(below)) * (sorted[above] - sorted[below])
    }
    low = quantile((1 - Self.share) / 2)
    high = quantile((1 + Self.share) / 2)
  }

  /// As a list of two.
  public func encode(to encoder: any Swift.Encoder) throws {
    var container = encoder.unkeyedContainer()
    try container.encode(low)
    try container.encode(high)
  }
}
