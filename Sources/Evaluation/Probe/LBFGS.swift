/// Minimises a smooth function by L-BFGS (Liu and Nocedal 1989), remembering ten steps.
struct LBFGS {
  /// When to stop.
  struct Limits {
    /// The largest magnitude of the gradient's numbers at a minimum.
    var tolerance = 1e-4
    /// The most steps.
    var iterations = 1000
  }

  /// Where the search ended.
  struct Minimum {
    /// The numbers.
    let x: [Double]
    /// Steps taken.
    let iterations: Int
    /// The largest magnitude of the gradient's numbers.
    let gradient: Double
  }

  private struct Pair {
    let step: [Double]
    let change: [Double]
    let inverseCurvature: Double
  }

  private static let memory = 10
  private let function: (_ x: [Double], _ gradient: inout [Double]) -> Double

  /// - Parameter function: its value, and its gradient, which it sets.
  init(_ function: @escaping (_ x: [Double], _ gradient: inout [Double]) -> Double) {
    self.function = function
  }

  /// Goes downhill until the gradient is small, the steps are used up, or values are too coarse to go on.
  func minimize(from start: [Double], _ limits: Limits) -> Minimum {
    var x = start, gradient = [Double](repeating: 0, count: start.count)
    var value = function(x, &gradient)
    var pairs: [Pair] = [], iterations = 0
    while DoubleVector.largest(gradient) > limits.tolerance, iterations < limits.iterations {
      let direction = direction(gradient, pairs)
      guard let next = step(from: x, value, gradient, along: direction, isFirst: pairs.isEmpty) else {
        // What is remembered may be spoilt by rounding: once more straight downhill.
        guard !pairs.isEmpty else { break }
        pairs = []
        continue
      }
      if let pair = Self.pair(x, gradient, next.x, next.gradient) {
        pairs.append(pair)
        if pairs.count > Self.memory { pairs.removeFirst() }
      }
      (x, value, gradient) = next
      iterations += 1
    }
    return Minimum(x: x, iterations: iterations, gradient: DoubleVector.largest(gradient))
  }

  private static func pair(_ x: [Double], _ gradient: [Double], _ nextX: [Double], _ nextGradient: [Double]) -> Pair? {
    var step = nextX, change = nextGradient
    DoubleVector.add(-1, x, to: &step)
    DoubleVector.add(-1, gradient, to: &change)
    let curvature = DoubleVector.dot(step, change)
    guard curvature > 1e-14 * DoubleVector.dot(change, change) else { return nil }
    return Pair(step: step, change: change, inverseCurvature: 1 / curvature)
  }

  /// Minus the gradient times what is remembered of the inverse Hessian.
  private func direction(_ gradient: [Double], _ pairs: [Pair]) -> [Double] {
    var q = gradient.map { -$0 }
    var factors: [Double] = []
    for pair in pairs.reversed() {
      let factor = pair.inverseCurvature * DoubleVector.dot(pair.step, q)
      DoubleVector.add(-factor, pair.change, to: &q)
      factors.append(factor)
    }
    if let last = pairs.last {
      let scale = 1 / (last.inverseCurvature * DoubleVector.dot(last.change, last.change))
      for index in q.indices { q[index] *= scale }
    }
    for (pair, factor) in zip(pairs, factors.reversed()) {
      let other = pair.inverseCurvature * DoubleVector.dot(pair.change, q)
      DoubleVector.add(factor - other, pair.step, to: &q)
    }
    return q
  }

  private func step(
    from x: [Double], _ value: Double, _ gradient: [Double], along direction: [Double], isFirst: Bool
  ) -> (x: [Double], value: Double, gradient: [Double])? {
    let slope = DoubleVector.dot(gradient, direction)
    guard slope < 0, slope.isFinite else { return nil }
    var reached = (x: x, value: value, gradient: gradient)
    let search = LineSearch(from: .init(step: 0, value: value, slope: slope)) { step in
      reached.x = x
      DoubleVector.add(step, direction, to: &reached.x)
      reached.value = function(reached.x, &reached.gradient)
      return .init(step: step, value: reached.value, slope: DoubleVector.dot(reached.gradient, direction))
    }
    // The gradient says nothing of how far to go, until there are steps to remember.
    let first = isFirst ? 1 / DoubleVector.dot(direction, direction).squareRoot() : 1
    // The point accepted is the one evaluated last.
    return search.point(from: first) == nil ? nil : reached
  }
}
