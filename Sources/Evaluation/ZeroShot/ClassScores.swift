import Foundation
import Tensors

/// What a classifier says of pictures.
struct ClassScores {
  /// The best class of each; of equals the lower number.
  let best: [Int]
  /// The similarity of each to its best class.
  let bestScores: [Float]
  /// ln Σ exp(multiplier · similarity) of each, over all classes.
  let logSums: [Double]
  /// How many classes come before each picture's own; 0 where it has none.
  let places: [Int]

  /// - Parameters:
  ///   - features: (pictures, embedding).
  ///   - numbers: the class of each picture; nil: none.
  ///   - classifier: what decides.
  ///   - multiplier: what multiplies similarities in the model's softmax.
  init(of features: Tensor, _ numbers: [Int?], by classifier: ZeroShotClassifier, multiplier: Double) {
    var best: [Int] = [], bestScores: [Float] = [], logSums: [Double] = [], places: [Int] = []
    let classes = classifier.features.rows
    let room = Tensor(rows: min(Encoder.batch, features.rows), columns: classes)
    for rows in Encoder.batches(of: features.rows) {
      let similarities = room.rows(0..<rows.count)
      multiply(features.rows(rows), classifier.features.transposed, into: similarities)
      similarities.withFloats { all in
        for row in rows {
          let begin = (row - rows.lowerBound) * classes
          let scores = UnsafeBufferPointer(rebasing: all[begin..<begin + classes])
          let first = scores.indices.reduce(0) { scores[$1] > scores[$0] ? $1 : $0 }
          let top = Double(scores[first])
          best.append(first)
          bestScores.append(scores[first])
          logSums.append(multiplier * top + log(scores.reduce(0) { $0 + exp(multiplier * (Double($1) - top)) }))
          let place = numbers[row].map { own in
            scores.indices.count { scores[$0] > scores[own] || (scores[$0] == scores[own] && $0 < own) }
          }
          places.append(place ?? 0)
        }
      }
    }
    self.best = best
    self.bestScores = bestScores
    self.logSums = logSums
    self.places = places
  }
}
