/// How well scores put the pictures of a class before all others.
package struct RankedMetrics: Equatable, Sendable {
  /// The area under the steps of precision over recall, as scikit-learn's `average_precision_score`; nil without
  /// pictures of the class.
  package let averagePrecision: Double?
  /// The area under the receiver operating characteristic, as scikit-learn's `roc_auc_score`: how often one of the class
  /// comes before one that is not, ties counting half. Nil where all or none are of the class.
  package let rocAUC: Double?

  /// What was found elsewhere.
  init(averagePrecision: Double?, rocAUC: Double?) {
    self.averagePrecision = averagePrecision
    self.rocAUC = rocAUC
  }

  /// - Parameters:
  ///   - scores: of each picture: higher where it is rather of the class.
  ///   - isOfClass: whether it is.
  package init(scores: [Double], isOfClass: (Int) -> Bool) {
    var positives: [Double] = []
    for (index, score) in scores.enumerated() where isOfClass(index) { positives.append(score) }
    positives.sort(by: >)
    // Each score that a picture of the class has, from the highest, and how many of these have it.
    var levels: [Double] = [], counts: [Int] = []
    for score in positives {
      if levels.last == score {
        counts[counts.count - 1] += 1
      } else {
        levels.append(score)
        counts.append(1)
      }
    }
    // Others that come in at each level, and those that are exactly there.
    var entering = [Int](repeating: 0, count: levels.count), tied = entering
    for (index, score) in scores.enumerated() where !isOfClass(index) {
      var (low, high) = (0, levels.count)
      while low < high {
        let middle = (low + high) / 2
        if levels[middle] <= score { high = middle } else { low = middle + 1 }
      }
      guard low < levels.count else { continue }
      entering[low] += 1
      if levels[low] == score { tied[low] += 1 }
    }
    var found = 0, others = 0, precisions = 0.0, before = 0.0
    for level in levels.indices {
      found += counts[level]
      others += entering[level]
      precisions += Double(counts[level]) * Double(found) / Double(found + others)
      before += Double(counts[level]) * (Double(others) - Double(tied[level]) / 2)
    }
    let rest = scores.count - positives.count
    averagePrecision = positives.isEmpty ? nil : precisions / Double(positives.count)
    rocAUC = positives.isEmpty || rest == 0 ? nil : 1 - before / (Double(positives.count) * Double(rest))
  }
}
