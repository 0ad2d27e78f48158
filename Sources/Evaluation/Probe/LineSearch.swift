/// A step along a line that satisfies the strong Wolfe conditions, by the search of Moré and Thuente (1994) that
/// L-BFGS-B has, with its constants: so that steps are those of scikit-learn's solver.
///
/// Values have errors of rounding. Where a decrease is as small as these, the slope alone decides, as Hager and Zhang
/// (2005) propose.
struct LineSearch {
  /// The function at a step, and its slope there.
  struct Point {
    var step: Double
    var value: Double
    var slope: Double

    var isFinite: Bool { value.isFinite && slope.isFinite }
  }

  /// The point where the line begins; its slope is negative.
  private let origin: Point
  private let evaluate: (Double) -> Point

  private static let decrease = 1e-3
  private static let flatness = 0.9
  /// The shortest interval that is worth narrowing, relative to its upper end.
  private static let narrowest = 0.1
  private static let longest = 1e10
  private static let mostEvaluations = 50
  /// Errors of a value, relative to it.
  private static let rounding = 1e-6

  /// - Parameters:
  ///   - origin: where the line begins, at step 0.
  ///   - evaluate: the function at a step.
  init(from origin: Point, _ evaluate: @escaping (Double) -> Point) {
    self.origin = origin
    self.evaluate = evaluate
  }

  /// A point that satisfies the conditions, or the best one of an interval too short to be narrowed; it is the one
  /// evaluated last. Nil where there is none to be found within the precision of values.
  ///
  /// - Parameter step: the step to try first.
  func point(from step: Double) -> Point? {
    var interval = StepInterval(from: origin), step = step
    var limits = 0...5 * step
    var width = Self.longest, widthBefore = 2 * width
    var isConvexStage = false
    for _ in 0..<Self.mostEvaluations {
      let point = evaluate(step)
      guard point.isFinite else {
        step = (interval.best.step + step) / 2
        continue
      }
      let highest = origin.value + Self.decrease * step * origin.slope
      if isAccepted(point, highest) { return point }
      let isStuck = step <= limits.lowerBound || step >= limits.upperBound
      if interval.isBracket, isStuck || limits.isNarrow(Self.narrowest) {
        return point.value < origin.value ? point : nil
      }
      if point.value <= highest, point.slope >= 0 { isConvexStage = true }
      // Until there is a point low enough, what is minimised is how far values are above the line of low ones.
      let tilt = !isConvexStage && point.value <= interval.best.value && point.value > highest
      step = interval.narrow(by: point, tilt: tilt ? Self.decrease * origin.slope : 0, within: limits)
      guard step.isFinite else { return nil }
      if interval.isBracket {
        if interval.width >= 0.66 * widthBefore { step = interval.middle }
        (widthBefore, width) = (width, interval.width)
        limits = interval.range
      } else {
        let distance = step - interval.best.step
        limits = step + 1.1 * distance...max(step + 4 * distance, step + 1.1 * distance)
      }
      step = min(max(step, 0), Self.longest)
      if interval.isBracket, !limits.holdsWithin(step) || limits.isNarrow(Self.narrowest) { step = interval.best.step }
    }
    return nil
  }

  private func isAccepted(_ point: Point, _ highest: Double) -> Bool {
    guard abs(point.slope) <= -Self.flatness * origin.slope else { return false }
    return point.value <= highest
      || (point.value <= origin.value + Self.rounding * abs(origin.value)
        && point.slope <= (2 * Self.decrease - 1) * origin.slope)
  }
}

extension ClosedRange<Double> {
  fileprivate func isNarrow(_ share: Double) -> Bool { upperBound - lowerBound <= share * upperBound }
  fileprivate func holdsWithin(_ step: Double) -> Bool { lowerBound < step && step < upperBound }
}
