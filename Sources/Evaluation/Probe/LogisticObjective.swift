import Foundation
package import Tensors

/// What multinomial logistic regression minimises: `Σ −ln p(class) / n + ‖W‖² / (2 C n)` over n samples, biases free.
///
/// It is scikit-learn's objective, divided by C n as its own solver divides it. Of two classes, too, the first one's
/// logits are 0 and there is one row of weights. Products are in single precision, what is summed over samples in double.
package final class LogisticObjective {
  private let features: Tensor
  private let labels: [Int]
  private let classes: Int
  private let penalty: Double
  private let weights: Tensor  // (rows, dimension)
  private let biases: Tensor  // (1, rows)
  private let logits: Tensor  // (samples of a block, rows)
  private let partial: Tensor  // (rows, dimension), the gradient of a block

  private static let block = 2048
  /// Samples that a thread takes at a time.
  private static let share = 64

  /// - Parameters:
  ///   - features: (samples, dimension).
  ///   - labels: the class of each.
  ///   - classes: at least two.
  ///   - c: the inverse of the strength of the penalty.
  package init(_ features: Tensor, _ labels: [Int], classes: Int, c: Double) {
    precondition(features.rows == labels.count && classes > 1 && !labels.isEmpty, "\(labels.count) of \(classes)")
    self.features = features
    self.labels = labels
    self.classes = classes
    penalty = 1 / (c * Double(labels.count))
    let rows = Self.rows(of: classes)
    weights = Tensor(rows: rows, columns: features.columns)
    biases = Tensor(rows: 1, columns: rows)
    logits = Tensor(rows: min(Self.block, features.rows), columns: rows)
    partial = Tensor(rows: rows, columns: features.columns)
  }

  /// Rows of weights that so many classes have.
  static func rows(of classes: Int) -> Int { classes == 2 ? 1 : classes }

  /// How many numbers it depends on: (rows, dimension) weights, then biases.
  package var count: Int { weights.count + biases.count }

  /// The value, and the gradient, which it sets.
  package func value(_ x: [Double], _ gradient: inout [Double]) -> Double {
    let inner = weights.count
    weights.set(x[..<inner].map { Float($0) })
    biases.set(x[inner...].map { Float($0) })
    let share = 1 / Double(labels.count)
    var loss = 0.0, squares = 0.0
    for index in gradient.indices { gradient[index] = 0 }
    for first in stride(from: 0, to: labels.count, by: Self.block) {
      let samples = first..<min(first + Self.block, labels.count)
      let own = features.rows(samples), logits = logits.rows(0..<samples.count)
      multiply(own, weights.transposed, into: logits, bias: biases)
      loss += slopes(logits, samples)
      multiply(logits.transposed, own, into: partial)
      partial.withFloats { partial in
        for index in partial.indices { gradient[index] += Double(partial[index]) }
      }
      logits.withFloats { logits in
        let rows = biases.count
        for sample in 0..<samples.count {
          for row in 0..<rows { gradient[inner + row] += Double(logits[sample * rows + row]) }
        }
      }
    }
    for index in gradient.indices { gradient[index] *= share }
    for index in 0..<inner {
      squares += x[index] * x[index]
      gradient[index] += penalty * x[index]
    }
    return loss * share + penalty * squares / 2
  }

  /// Replaces logits by the slopes of the loss along them, `p − 1` for a sample's class and `p` for others; returns the
  /// sum of the losses.
  private func slopes(_ logits: Tensor, _ samples: Range<Int>) -> Double {
    let rows = logits.columns
    var losses = [Double](repeating: 0, count: samples.count)
    logits.withMutableFloats { logits in
      losses.withUnsafeMutableBufferPointer { losses in
        nonisolated(unsafe) let logits = logits, losses = losses
        let shares = (samples.count + Self.share - 1) / Self.share
        Threads.forEachItem(of: shares, keeping: {}) { share, _ in
          for sample in share * Self.share..<min((share + 1) * Self.share, samples.count) {
            let own = UnsafeMutableBufferPointer(rebasing: logits[sample * rows..<(sample + 1) * rows])
            losses[sample] = Self.slopes(own, labels[samples.lowerBound + sample])
          }
        }
      }
    }
    return losses.reduce(0, +)
  }

  private static func slopes(_ logits: UnsafeMutableBufferPointer<Float>, _ label: Int) -> Double {
    guard logits.count > 1 else {
      // ln(1 + exp(z)) − z for the second class.
      let z = Double(logits[0]), target = Double(label)
      logits[0] = Float(1 / (1 + exp(-z)) - target)
      return max(z, 0) + log1p(exp(-abs(z))) - target * z
    }
    let top = Double(logits.reduce(-.infinity, max)), own = Double(logits[label])
    var sum = 0.0
    for logit in logits { sum += exp(Double(logit) - top) }
    let logSum = top + log(sum)
    for row in logits.indices { logits[row] = Float(exp(Double(logits[row]) - logSum) - (row == label ? 1 : 0)) }
    return logSum - own
  }
}
