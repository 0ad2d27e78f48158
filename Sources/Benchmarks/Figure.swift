import Foundation

/// How numbers are written in tables and charts.
enum Figure {
  /// About three digits, as in `0.012`, `12.3` or `1234`.
  static func digits(_ value: Double) -> String {
    switch abs(value) {
    case 0: "0"
    case ..<0.001: String(format: "%.1e", value)
    case ..<1: String(format: "%.3f", value)
    case ..<10: String(format: "%.2f", value)
    case ..<100: String(format: "%.1f", value)
    default: String(format: "%.0f", value)
    }
  }

  /// As in `12.3 ms`.
  static func seconds(_ value: Double) -> String {
    switch abs(value) {
    case ..<0.001: digits(value * 1e6) + " µs"
    case ..<1: digits(value * 1e3) + " ms"
    default: digits(value) + " s"
    }
  }

  /// The unit in which times up to `seconds` are short numbers, and how many of it a second has.
  static func unit(for seconds: Double) -> (name: String, perSecond: Double) {
    switch seconds {
    case ..<0.01: ("µs", 1e6)
    case ..<10: ("ms", 1e3)
    default: ("s", 1)
    }
  }

  /// As in `64 MiB`.
  static func bytes(_ value: Int) -> String {
    let units = ["B", "KiB", "MiB", "GiB"]
    var size = Double(value), unit = 0
    while size >= 1024, unit + 1 < units.count {
      size /= 1024
      unit += 1
    }
    return (size == size.rounded() ? String(Int(size)) : digits(size)) + " " + units[unit]
  }

  /// As in `12.3 %`.
  static func percent(_ share: Double) -> String { String(format: "%.1f %%", 100 * share) }
}
