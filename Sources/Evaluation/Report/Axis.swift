import Foundation

/// An axis: what part of the numbers it shows, and where round ones are.
struct Axis: Sendable {
  /// The smallest and the largest number shown.
  let range: ClosedRange<Double>
  /// Round numbers, ascending.
  let ticks: [Double]
  private let isLogarithmic: Bool

  /// An axis of evenly spaced numbers.
  ///
  /// - Parameters:
  ///   - values: what is to be seen.
  ///   - fewest: ticks there are at least.
  ///   - isExact: whether the axis ends where the values do, instead of at ticks.
  init(of values: ClosedRange<Double>, fewest: Int = 4, isExact: Bool = false) {
    var (low, high) = (values.lowerBound, values.upperBound)
    if !(high - low > abs(high) * 1e-12) {
      let room = high == 0 ? 1 : abs(high) * 0.1
      (low, high) = (low >= 0 ? max(0, low - room) : low - room, high + room)
    }
    let step = Self.step((high - low) / Double(fewest))
    let first = isExact ? (low / step).rounded(.up) : (low / step).rounded(.down)
    let last = isExact ? (high / step).rounded(.down) : (high / step).rounded(.up)
    ticks = first > last ? [] : (0...Int(last - first)).map { (first + Double($0)) * step }
    range = isExact ? low...high : first * step...last * step
    isLogarithmic = false
  }

  /// An axis of powers of ten; `values` are positive.
  init(logarithmic values: ClosedRange<Double>) {
    let first = floor(log10(values.lowerBound) + 1e-9), last = max(ceil(log10(values.upperBound) - 1e-9), first + 1)
    range = pow(10, first)...pow(10, last)
    let every = max(1, Int((last - first) / 5))
    ticks = stride(from: Int(first), through: Int(last), by: every).map { pow(10, Double($0)) }
    isLogarithmic = true
  }

  /// Where a number is between the ends, 0…1; what is beyond one is at it.
  func place(_ value: Double) -> Double {
    let share =
      isLogarithmic
      ? log(max(value, range.lowerBound) / range.lowerBound) / log(range.upperBound / range.lowerBound)
      : (value - range.lowerBound) / (range.upperBound - range.lowerBound)
    return min(max(share, 0), 1)
  }

  /// How a tick is written: with as many decimals as tell it from the next.
  func label(_ tick: Double) -> String {
    if isLogarithmic {
      return (1e-3..<1e5).contains(tick) ? Figure.number(tick) : Figure.short(String(format: "%.0e", tick))
    }
    let step = ticks.count > 1 ? ticks[1] - ticks[0] : abs(tick)
    let largest = ticks.map(abs).max() ?? 0
    if tick == 0 || abs(tick) < step / 1000 { return "0" }
    if largest < 1e-3 || largest >= 1e7 { return Figure.short(String(format: "%.2e", tick)) }
    let decimals = max(0, Int(ceil(-log10(step) - 1e-9)))
    if decimals == 0 { return Figure.count(Int(tick.rounded())) }
    return String(format: "%.\(decimals)f", tick).replacingOccurrences(of: "-", with: "−")
  }

  /// 1, 2 or 5 times a power of ten, not above `value`.
  private static func step(_ value: Double) -> Double {
    let power = pow(10, floor(log10(value) + 1e-9))
    return (value >= 5 * power * (1 - 1e-9) ? 5 : value >= 2 * power * (1 - 1e-9) ? 2 : 1) * power
  }
}
