import Files
import Foundation

/// A count on a terminal that is written over while work goes on; silent where nobody watches.
struct Meter {
  private let what: String
  private let isTerminal = StandardError.isTerminal
  private let start = ContinuousClock.now
  private var last = ContinuousClock.now

  private static let barWidth = 24

  init(_ what: String) {
    self.what = what
  }

  /// Shows how much is done, at most five times a second.
  mutating func show(_ done: Int, _ more: String = "") {
    guard let seconds = due() else { return }
    draw(String(format: "%d %@, %.0f a second%@", done, what, Double(done) / seconds, more))
  }

  /// Shows how much is done, what share of all that is, and how long the rest will take at this pace.
  ///
  /// - Parameters:
  ///   - done: how much is done.
  ///   - fraction: what share of all that is.
  ///   - begun: both when this command began.
  ///   - more: what to say behind it.
  mutating func show(
    _ done: Int, of fraction: Double, from begun: (samples: Int, fraction: Double), _ more: String = ""
  ) {
    guard let seconds = due() else { return }
    let filled = Int((fraction * Double(Self.barWidth)).rounded(.down))
    let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: Self.barWidth - filled)
    let rate = Double(done - begun.samples) / seconds
    let passed = fraction - begun.fraction
    let left = passed > 0 ? ", \(Self.duration(seconds * (1 - fraction) / passed)) left" : ""
    draw(String(format: "%@ %3.0f %%  %d %@, %.0f a second%@%@", bar, 100 * fraction, done, what, rate, left, more))
  }

  /// Clears the line.
  func end() {
    if isTerminal { StandardError.write("\r\u{1B}[K") }
  }

  /// The seconds since the start, where it is time to show something.
  private mutating func due() -> Double? {
    guard isTerminal, ContinuousClock.now - last > .seconds(0.2) else { return nil }
    last = .now
    return start.duration(to: last) / .seconds(1)
  }

  private func draw(_ line: String) {
    StandardError.write("\r\(line)\u{1B}[K")
  }

  /// As in 3 h 05 min, 12 min 40 s or 8 s.
  private static func duration(_ seconds: Double) -> String {
    let whole = Int(min(seconds, 1e7).rounded())
    switch whole {
    case 3600...: return String(format: "%d h %02d min", whole / 3600, whole / 60 % 60)
    case 60...: return String(format: "%d min %02d s", whole / 60, whole % 60)
    default: return "\(whole) s"
    }
  }
}
