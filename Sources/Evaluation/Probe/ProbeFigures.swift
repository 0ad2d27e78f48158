package import Tensors

/// How well a linear classifier finds the classes of samples.
public struct ProbeFigures: Encodable, Equatable, Sendable {
  /// The share of samples whose own class has the largest logit.
  public let top1: Double
  /// Among the five largest; nil where there are no more classes than five.
  public let top5: Double?
  /// The mean over the classes that have samples of the share of these that are found.
  public let meanPerClass: Double
  /// Of two classes, the area under the receiver operating characteristic; nil where there are others.
  public let rocAUC: Double?

  private enum CodingKeys: String, CodingKey {
    case top1 = "top_1"
    case top5 = "top_5"
    case meanPerClass = "mean_per_class"
    case rocAUC = "roc_auc"
  }

  /// What there is not is null.
  public func encode(to encoder: any Swift.Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(top1, forKey: .top1)
    try container.encode(top5, forKey: .top5)
    try container.encode(meanPerClass, forKey: .meanPerClass)
    try container.encode(rocAUC, forKey: .rocAUC)
  }

  /// - Parameters:
  ///   - features: (samples, dimension), at least one.
  ///   - labels: the class of each.
  package init(of classifier: LinearClassifier, on features: Tensor, _ labels: [Int]) {
    let known = classifier.classes
    let rows = Dictionary(uniqueKeysWithValues: known.enumerated().map { ($1, $0) })
    var first = 0, fifth = 0, margins: [Double] = []
    var found: [Int: Int] = [:], counts: [Int: Int] = [:]
    classifier.forEachSample(of: features) { sample, logits in
      let label = labels[sample]
      // Of equals the lower number comes first; a class the classifier does not know comes last.
      let place =
        rows[label].map { own in
          logits.indices.count { logits[$0] > logits[own] || (logits[$0] == logits[own] && $0 < own) }
        } ?? known.count
      if place < 1 { first += 1 }
      if place < 5 { fifth += 1 }
      counts[label, default: 0] += 1
      found[label, default: 0] += place < 1 ? 1 : 0
      if logits.count == 2 { margins.append(Double(logits[1]) - Double(logits[0])) }
    }
    top1 = Double(first) / Double(labels.count)
    top5 = known.count > 5 ? Double(fifth) / Double(labels.count) : nil
    let recalls = counts.sorted { $0.key < $1.key }.map { Double(found[$0.key] ?? 0) / Double($0.value) }
    meanPerClass = recalls.reduce(0, +) / Double(recalls.count)
    rocAUC =
      known.count == 2 ? RankedMetrics(scores: margins) { labels[$0] == known[1] }.rocAUC : nil
  }
}
