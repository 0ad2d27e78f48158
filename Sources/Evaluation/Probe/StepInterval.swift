/// An interval of steps that holds a good one once it is a bracket, and how the next step to try is chosen in it (Moré
/// and Thuente 1994, section 4).
struct StepInterval {
  typealias Point = LineSearch.Point

  /// The end with the lowest value so far.
  private(set) var best: Point
  /// The other end.
  private var other: Point
  /// Whether a minimum is known to lie between both ends.
  private(set) var isBracket = false

  init(from origin: Point) { (best, other) = (origin, origin) }

  var width: Double { abs(other.step - best.step) }
  var middle: Double { best.step + 0.5 * (other.step - best.step) }
  var range: ClosedRange<Double> { min(best.step, other.step)...max(best.step, other.step) }

  /// Takes a point into account.
  ///
  /// - Parameters:
  ///   - tilt: a slope that is subtracted from the function meanwhile.
  ///   - limits: how far to go where there is no bracket yet.
  /// - Returns: the next step to try.
  mutating func narrow(by point: Point, tilt: Double, within limits: ClosedRange<Double>) -> Double {
    func tilted(_ point: Point, by tilt: Double) -> Point {
      Point(step: point.step, value: point.value - tilt * point.step, slope: point.slope - tilt)
    }
    best = tilted(best, by: tilt)
    other = tilted(other, by: tilt)
    let step = next(tilted(point, by: tilt), limits)
    best = tilted(best, by: -tilt)
    other = tilted(other, by: -tilt)
    return step
  }

  private mutating func next(_ point: Point, _ limits: ClosedRange<Double>) -> Double {
    let isBehind = point.step > best.step
    let turns = point.slope * best.slope < 0
    let step: Double
    if point.value > best.value {
      step = stepBefore(point)
      isBracket = true
    } else if turns {
      let cubic = Self.cubicStep(from: point, to: best), secant = secantStep(point)
      step = abs(cubic - point.step) > abs(secant - point.step) ? cubic : secant
      isBracket = true
    } else if abs(point.slope) < abs(best.slope) {
      step = flatteningStep(point, limits)
    } else if isBracket {
      step = Self.cubicStep(from: point, to: other)
    } else {
      step = isBehind ? limits.upperBound : limits.lowerBound
    }
    if point.value > best.value {
      other = point
    } else {
      if turns { other = best }
      best = point
    }
    return step
  }

  /// Where the value rose: the minimum of the cubic, or half way to that of the parabola if it is farther away.
  private func stepBefore(_ point: Point) -> Double {
    let distance = point.step - best.step
    let theta = 3 * (best.value - point.value) / distance + best.slope + point.slope
    let gamma = Self.root(theta, best.slope, point.slope) * (distance < 0 ? -1 : 1)
    let ratio = (gamma - best.slope + theta) / (gamma - best.slope + gamma + point.slope)
    let cubic = best.step + ratio * distance
    let parabola =
      best.step + best.slope / ((best.value - point.value) / distance + best.slope) / 2 * distance
    return abs(cubic - best.step) < abs(parabola - best.step) ? cubic : cubic + (parabola - cubic) / 2
  }

  /// Where the slope has become flatter, without a turn.
  private func flatteningStep(_ point: Point, _ limits: ClosedRange<Double>) -> Double {
    let isBehind = point.step > best.step
    let theta = 3 * (best.value - point.value) / (point.step - best.step) + best.slope + point.slope
    let gamma = Self.root(theta, best.slope, point.slope) * (isBehind ? -1 : 1)
    let ratio = (gamma - point.slope + theta) / (gamma + (best.slope - point.slope) + gamma)
    let cubic =
      ratio < 0 && gamma != 0
      ? point.step + ratio * (best.step - point.step) : isBehind ? limits.upperBound : limits.lowerBound
    let secant = secantStep(point)
    let isCubicNearer = abs(cubic - point.step) < abs(secant - point.step)
    guard isBracket else {
      return min(max(isCubicNearer ? secant : cubic, limits.lowerBound), limits.upperBound)
    }
    let step = isCubicNearer ? cubic : secant, end = point.step + 0.66 * (other.step - point.step)
    return isBehind ? min(end, step) : max(end, step)
  }

  /// Where the straight line through both slopes is zero.
  private func secantStep(_ point: Point) -> Double {
    point.step + point.slope / (point.slope - best.slope) * (best.step - point.step)
  }

  /// The minimum of the cubic through two points, seen from the first.
  private static func cubicStep(from point: Point, to end: Point) -> Double {
    let theta = 3 * (point.value - end.value) / (end.step - point.step) + end.slope + point.slope
    let gamma = root(theta, end.slope, point.slope) * (point.step > end.step ? -1 : 1)
    let ratio = (gamma - point.slope + theta) / (gamma - point.slope + gamma + end.slope)
    return point.step + ratio * (end.step - point.step)
  }

  private static func root(_ theta: Double, _ a: Double, _ b: Double) -> Double {
    let scale = max(abs(theta), abs(a), abs(b))
    guard scale > 0 else { return 0 }
    return scale * max(0, (theta / scale) * (theta / scale) - (a / scale) * (b / scale)).squareRoot()
  }
}
