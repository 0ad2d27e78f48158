import Files
import Foundation

/// A count on a terminal that is written over while work goes on; silent where nobody watches.
struct Meter {
  private let what: String
  private let isTerminal = StandardError.isTerminal
  private let start = ContinuousClock.now
  private var last = ContinuousClock.now

  init(_ what: String) {
    self.what = what
  }

  /// Shows how much is done, at most five times a second.
  mutating func show(_ done: Int, _ more: String = "") {
    guard isTerminal, ContinuousClock.now - last > .seconds(0.2) else { return }
    last = .now
    let rate = Double(done) / (start.duration(to: last) / .seconds(1))
    StandardError.write(String(format: "\r%d %@, %.0f a second%@\u{1B}[K", done, what, rate, more))
  }

  /// Clears the line.
  func end() {
    if isTerminal { StandardError.write("\r\u{1B}[K") }
  }
}
