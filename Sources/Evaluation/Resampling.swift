import Foundation

/// Makes maps of other sizes, and smoother: along rows, then along columns, by weighted sums.
enum Resampling {
  /// What one number of the result is made of: inputs that follow each other, and their weights, which sum to 1.
  struct Taps {
    let first: Int
    let weights: [Double]
  }

  /// `count` numbers smoothed by a Gaussian, cut off at three deviations and at the borders.
  static func gaussian(_ count: Int, deviation: Double) -> [Taps] {
    let reach = Int((3 * deviation).rounded(.up))
    return (0..<count).map { place in
      let inputs = max(place - reach, 0)...min(place + reach, count - 1)
      return normalized(inputs.lowerBound, inputs.map { exp(-pow(Double($0 - place) / deviation, 2) / 2) })
    }
  }

  /// `count` numbers from `inputs`, by Keys's cubic interpolation (a = −0.5) between the middles of places; beyond the
  /// border the last number repeats.
  static func cubic(_ count: Int, from inputs: Int) -> [Taps] {
    func weight(_ distance: Double) -> Double {
      let x = abs(distance)
      return x < 1 ? (1.5 * x - 2.5) * x * x + 1 : x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0
    }
    return (0..<count).map { place in
      let middle = (Double(place) + 0.5) * Double(inputs) / Double(count) - 0.5
      let near = Int(middle.rounded(.down)) - 1...Int(middle.rounded(.down)) + 2
      let kept = near.clamped(to: 0...inputs - 1)
      var weights = [Double](repeating: 0, count: kept.count)
      for input in near {
        weights[min(max(input, kept.lowerBound), kept.upperBound) - kept.lowerBound] += weight(Double(input) - middle)
      }
      return normalized(kept.lowerBound, weights)
    }
  }

  /// A map of rows of `width` numbers, resampled along rows and columns.
  static func apply(_ across: [Taps], _ down: [Taps], to values: [Float], width: Int) -> [Float] {
    let rows = stride(from: 0, to: values.count, by: width).map { row in
      across.map { taps in
        taps.weights.indices.reduce(0.0) { $0 + taps.weights[$1] * Double(values[row + taps.first + $1]) }
      }
    }
    return down.flatMap { taps in
      across.indices.map { column in
        Float(taps.weights.indices.reduce(0.0) { $0 + taps.weights[$1] * rows[taps.first + $1][column] })
      }
    }
  }

  private static func normalized(_ first: Int, _ weights: [Double]) -> Taps {
    let sum = weights.reduce(0, +)
    return Taps(first: first, weights: weights.map { $0 / sum })
  }
}
