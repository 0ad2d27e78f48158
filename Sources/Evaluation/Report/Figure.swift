import Foundation

/// How numbers are written for people.
enum Figure {
  /// A count, with commas between thousands.
  static func count(_ number: Int) -> String {
    let digits = String(number.magnitude)
    let grouped = digits.enumerated().map { place, digit in
      place > 0 && (digits.count - place) % 3 == 0 ? ",\(digit)" : "\(digit)"
    }
    return (number < 0 ? "−" : "") + grouped.joined()
  }

  /// Four significant digits, and more of a large number.
  static func number(_ value: Double) -> String {
    guard value.isFinite else { return value.isNaN ? "not a number" : value > 0 ? "∞" : "−∞" }
    let size = abs(value)
    if size >= 1000, size < 1e15 { return count(Int(value.rounded())) }
    if size != 0, size < 1e-3 || size >= 1e15 { return short(String(format: "%.3e", value)) }
    return String(format: "%.4g", value).replacingOccurrences(of: "-", with: "−")
  }

  /// A cosine, to a hundredth.
  static func cosine(_ value: Float) -> String {
    String(format: "%.2f", value).replacingOccurrences(of: "-", with: "−")
  }

  /// A share of one, in percent.
  static func percent(_ share: Double) -> String { String(format: "%.1f %%", 100 * share) }

  /// As in `3 h 05 min`, `12 min 40 s`, `8.1 s` or `3.4 ms`.
  static func duration(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds >= 0 else { return "unknown" }
    switch seconds {
    case 86400...:
      let hours = Int(min(seconds / 3600, 1e9).rounded())
      return String(format: "%d d %02d h", hours / 24, hours % 24)
    case 3600...:
      let minutes = Int((seconds / 60).rounded())
      return String(format: "%d h %02d min", minutes / 60, minutes % 60)
    case 60...: return String(format: "%d min %02d s", Int(seconds.rounded()) / 60, Int(seconds.rounded()) % 60)
    case 1...: return String(format: "%.3g s", seconds)
    case 0: return "0 s"
    default:
      return seconds < 1e-6
        ? "under 1 µs" : String(format: seconds < 1e-3 ? "%.3g µs" : "%.3g ms", seconds * (seconds < 1e-3 ? 1e6 : 1e3))
    }
  }

  /// A time in the zone of the machine that makes the page.
  static func time(_ seconds: Double) -> String {
    let format = DateFormatter()
    format.locale = Locale(identifier: "en_US_POSIX")
    format.dateFormat = "yyyy-MM-dd HH:mm:ss zzz"
    return format.string(from: Date(timeIntervalSince1970: seconds))
  }

  /// As in 1e−4 for 1.000e-04.
  static func short(_ scientific: String) -> String {
    let parts = scientific.split(separator: "e")
    guard parts.count == 2, let exponent = Int(parts[1]) else { return scientific }
    var digits = String(parts[0])
    while digits.contains("."), let last = digits.last, last == "0" || last == "." {
      digits.removeLast()
      if last == "." { break }
    }
    return "\(digits)e\(exponent)".replacingOccurrences(of: "-", with: "−")
  }
}
