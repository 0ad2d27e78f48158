import Files
import Foundation

/// What a person sees of a running training: one line that is written over on a terminal, or one now and then in a log.
struct ProgressLine {
  private let isTerminal = StandardError.isTerminal
  private var last = ContinuousClock.now - .seconds(3600)
  private let start = ContinuousClock.now
  private let firstStep: Int
  /// Whether the cursor still stands in the line.
  private var isOpen = false

  init(firstStep: Int) {
    self.firstStep = firstStep
  }

  /// Shows a step, unless another was shown a moment ago.
  mutating func show(_ entry: Journal.Entry, of steps: Int) {
    let now = ContinuousClock.now
    guard now - last > .seconds(isTerminal ? 0.2 : 10) || entry.step == steps else { return }
    last = now
    let perStep = (start.duration(to: now) / .seconds(1)) / Double(max(entry.step - firstStep, 1))
    let left = Self.duration(Double(steps - entry.step) * perStep)
    let line = String(
      format: "step %d/%d  epoch %.2f  loss %.4f  accuracy %.1f %% / %.1f %%  %.0f samples/s  %@ left",
      entry.step, steps, entry.epoch, entry.loss, 100 * entry.imageAccuracy, 100 * entry.textAccuracy,
      entry.samplesPerSecond, left)
    // Clears what a longer line left behind.
    StandardError.write(isTerminal ? "\r\(line)\u{1B}[K" : line + "\n")
    isOpen = isTerminal
    if entry.step == steps { end() }
  }

  /// Ends the line that is written over: whatever comes next has a line of its own.
  mutating func end() {
    if isOpen { StandardError.write("\n") }
    isOpen = false
  }

  private static func duration(_ seconds: Double) -> String {
    let whole = Int(seconds.rounded())
    if whole < 60 { return "\(whole) s" }
    if whole < 3600 { return String(format: "%d:%02d min", whole / 60, whole % 60) }
    return String(format: "%d:%02d h", whole / 3600, whole / 60 % 60)
  }
}
