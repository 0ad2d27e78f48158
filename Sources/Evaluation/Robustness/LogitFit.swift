import Foundation

/// A straight line through accuracies of models, both axes logits: `logit(shifted) = slope · logit(reference) +
/// intercept`, by least squares (Taori et al. 2020; CLIP's paper, section 3.3).
struct LogitFit: Equatable, Sendable {
  let slope: Double
  let intercept: Double

  /// - Parameter points: accuracies between 0 and 1.
  /// - Returns: nil where all reference accuracies are the same.
  init?(_ points: [ShiftedAccuracy]) {
    let x = points.map { Self.logit($0.reference) }, y = points.map { Self.logit($0.shifted) }
    guard let first = x.first, x.contains(where: { $0 != first }) else { return nil }
    let count = Double(x.count)
    let meanX = x.reduce(0, +) / count, meanY = y.reduce(0, +) / count
    let products = zip(x, y).reduce(0) { $0 + ($1.0 - meanX) * ($1.1 - meanY) }
    let squares = x.reduce(0) { $0 + ($1 - meanX) * ($1 - meanX) }
    slope = products / squares
    intercept = meanY - slope * meanX
  }

  /// ln(p / (1 − p)).
  static func logit(_ p: Double) -> Double { log(p / (1 - p)) }

  /// The accuracy on the other set that models of such an accuracy on the reference set have.
  func shifted(at reference: Double) -> Double {
    1 / (1 + exp(-(slope * Self.logit(reference) + intercept)))
  }

  /// Fits of as many models, drawn with replacement.
  ///
  /// - Precondition: not all reference accuracies are the same.
  static func bootstrap(_ points: [ShiftedAccuracy], resamples: Int, seed: UInt64) -> [LogitFit] {
    (0..<resamples).map { number in
      // A draw of equal models has no line, and is drawn again.
      var position = number
      while true {
        let drawn = CountedDraw.numbers(
          points.count, below: points.count, seed: seed, .bootstrap, position: position)
        if let fit = LogitFit(drawn.map { points[$0] }) { return fit }
        position += resamples
      }
    }
  }
}
