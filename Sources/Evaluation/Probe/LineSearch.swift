/// A step along a line that satisfies the strong Wolfe conditions (Nocedal and Wright, algorithms 3.5 and 3.6).
///
/// Values have errors of rounding. Where a decrease is as small as these, the slope alone decides, as Hager and Zhang
/// (2005) propose.
struct LineSearch {
  /// The function at a step, and its slope there.
  struct Point {
    let step: Double
    let value: Double
    let slope: Double

    var isFinite: Bool { value.isFinite && slope.isFinite }
  }

  /// The point where the line begins; its slope is negative.
  private let origin: Point
  private let evaluate: (Double) -> Point

  private static let decrease = 1e-4
  private static let flatness = 0.9
  private static let growth = 4.0
  private static let mostEvaluations = 50
  /// Errors of a value, relative to it.
  private static let rounding = 1e-8

  /// - Parameters:
  ///   - origin: where the line begins, at step 0.
  ///   - evaluate: the function at a step.
  init(from origin: Point, _ evaluate: @escaping (Double) -> Point) {
    self.origin = origin
    self.evaluate = evaluate
  }

  /// A point that satisfies the conditions; nil where there is none to be found within the precision of values.
  ///
  /// - Parameter step: the step to try first.
  func point(from step: Double) -> Point? {
    var last = origin, step = step
    for evaluation in 1...Self.mostEvaluations {
      let point = evaluate(step)
      if isAccepted(point) { return point }
      if !point.isFinite || isTooHigh(point) || (evaluation > 1 && point.value >= last.value) {
        return zoom(last, point, Self.mostEvaluations - evaluation)
      }
      if point.slope >= 0 { return zoom(point, last, Self.mostEvaluations - evaluation) }
      last = point
      step *= Self.growth
    }
    return nil
  }

  /// Narrows an interval that holds such a point; `low` is its end with the lower value.
  private func zoom(_ low: Point, _ high: Point, _ evaluations: Int) -> Point? {
    var low = low, high = high
    for _ in 0..<max(evaluations, 0) {
      let step = Self.between(low, high)
      guard step != low.step, step != high.step else { break }
      let point = evaluate(step)
      if isAccepted(point) { return point }
      if !point.isFinite || isTooHigh(point) || point.value >= low.value {
        high = point
      } else {
        if point.slope * (high.step - low.step) >= 0 { high = low }
        low = point
      }
    }
    return nil
  }

  private func isTooHigh(_ point: Point) -> Bool {
    point.value > origin.value + Self.decrease * point.step * origin.slope
  }

  private func isAccepted(_ point: Point) -> Bool {
    guard point.isFinite, abs(point.slope) <= -Self.flatness * origin.slope else { return false }
    if !isTooHigh(point) { return true }
    return point.value <= origin.value + Self.rounding * abs(origin.value)
      && point.slope <= (2 * Self.decrease - 1) * origin.slope
  }

  /// The minimum of the cubic through both ends, or the middle where that is none or near an end.
  private static func between(_ a: Point, _ b: Point) -> Double {
    let middle = (a.step + b.step) / 2, width = abs(b.step - a.step)
    guard a.isFinite, b.isFinite else { return middle }
    let d1 = a.slope + b.slope - 3 * (a.value - b.value) / (a.step - b.step)
    let square = d1 * d1 - a.slope * b.slope
    guard square >= 0 else { return middle }
    let d2 = square.squareRoot() * (b.step > a.step ? 1 : -1)
    let step = b.step - (b.step - a.step) * (b.slope + d2 - d1) / (b.slope - a.slope + 2 * d2)
    guard step.isFinite, abs(step - a.step) > 0.1 * width, abs(step - b.step) > 0.1 * width,
      min(a.step, b.step) < step, step < max(a.step, b.step)
    else { return middle }
    return step
  }
}
