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
  ///   - isExact: whether the axis ends where the values do, instead of at ticks.
  init(of values: ClosedRange<Double>, isExact: Bool = false) {
    var (low, high) = (values.lowerBound, values.upperBound)
    if !(high - low > abs(high) * 1e-12) {
      let room = high == 0 ? 1 : abs(high) * 0.1
      (low, high) = (low >= 0 ? max(0, low - room) : low - room, high + room)
    }
    let step = Self.step((high - low) / 5)
    let first = isExact ? (low / step).rounded(.up) : (low / step).rounded(.down)
    let last = isExact ? (high / step).rounded(.down) : (high / step).rounded(.up)
    ticks = first > last ? [] : (0...Int(last - first)).map { (first + Double($0)) * step }
    range = isExact ? low...high : first * step...last * step
    isLogarithmic = false
  }

  /// An axis on which equal factors are equally long; `values` are positive.
  init(logarithmic values: ClosedRange<Double>) {
    let first = Int(floor(log10(values.lowerBound))), last = Int(ceil(log10(values.upperBound)))
    // 1, 2 and 5 times the powers of ten where those alone would be few.
    let digits: [Double] = last - first > 3 ? [1] : [1, 2, 5]
    let every = max(1, (last - first) / 5)
    let round = stride(from: first, through: last, by: every).flatMap { power in
      digits.map { $0 * pow(10, Double(power)) }
    }
    let low = round.last { $0 <= values.lowerBound } ?? pow(10, Double(first))
    let high = round.first { $0 >= values.upperBound } ?? pow(10, Double(last))
    range = low...max(high, 2 * low)
    ticks = round.filter((low...high).contains)
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

  /// 1, 2 or 5 times a power of ten, not below `value`.
  private static func step(_ value: Double) -> Double {
    let power = pow(10, floor(log10(value)))
    return ([1.0, 2, 5].first { $0 * power >= value * (1 - 1e-9) } ?? 10) * power
  }
}
