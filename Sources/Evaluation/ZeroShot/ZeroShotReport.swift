/// The figures of a zero-shot evaluation.
public struct ZeroShotReport: Encodable, Equatable, Sendable {
  /// What is known of one class.
  public struct PerClass: Encodable, Equatable, Sendable {
    /// How data name it.
    public let label: String
    /// How texts name it.
    public let names: [String]
    /// Pictures of it.
    public let samples: Int
    /// The share of them that were taken for it; nil without pictures.
    public let recall: Double?
    /// How well its probability puts them before all others; nil without pictures.
    public let averagePrecision: Double?
    /// How often its probability puts one of them before one of another class.
    public let rocAUC: Double?
    /// The class they were taken for most often other than their own; nil where there is none.
    public let mistakenFor: String?

    private enum CodingKeys: String, CodingKey {
      case label, names, samples, recall
      case averagePrecision = "average_precision"
      case rocAUC = "roc_auc"
      case mistakenFor = "mistaken_for"
    }

    /// What there is not is null.
    public func encode(to encoder: any Swift.Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(label, forKey: .label)
      try container.encode(names, forKey: .names)
      try container.encode(samples, forKey: .samples)
      try container.encode(recall, forKey: .recall)
      try container.encode(averagePrecision, forKey: .averagePrecision)
      try container.encode(rocAUC, forKey: .rocAUC)
      try container.encode(mistakenFor, forKey: .mistakenFor)
    }
  }

  /// Pictures that count.
  public let samples: Int
  /// Pictures that cannot be decoded.
  public let undecodable: Int
  /// Pictures of none of the classes.
  public let unlabelled: Int
  /// Classes.
  public let classes: Int
  /// Templates each was described with.
  public let templates: Int
  /// The share of pictures whose own class comes first.
  public let top1: Double
  /// Among the first five; nil where there are no more classes than five.
  public let top5: Double?
  /// The mean of the classes' recalls.
  public let meanPerClass: Double
  /// The mean of the classes' average precisions.
  public let meanAveragePrecision: Double
  /// The mean of the classes' areas under the ROC curve, each class against all others; nil where all pictures are of one.
  public let rocAUC: Double?
  /// Class by class, in order. Means are over those with pictures.
  public let perClass: [PerClass]

  private enum CodingKeys: String, CodingKey {
    case samples, undecodable, unlabelled, classes, templates
    case top1 = "top_1"
    case top5 = "top_5"
    case meanPerClass = "mean_per_class"
    case meanAveragePrecision = "mean_average_precision"
    case rocAUC = "roc_auc"
    case perClass = "per_class"
  }

  /// What there is not is null.
  public func encode(to encoder: any Swift.Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(samples, forKey: .samples)
    try container.encode(undecodable, forKey: .undecodable)
    try container.encode(unlabelled, forKey: .unlabelled)
    try container.encode(classes, forKey: .classes)
    try container.encode(templates, forKey: .templates)
    try container.encode(top1, forKey: .top1)
    try container.encode(top5, forKey: .top5)
    try container.encode(meanPerClass, forKey: .meanPerClass)
    try container.encode(meanAveragePrecision, forKey: .meanAveragePrecision)
    try container.encode(rocAUC, forKey: .rocAUC)
    try container.encode(perClass, forKey: .perClass)
  }

  /// - Parameters:
  ///   - metrics: of each class.
  ///   - places: of each picture that counts, how many classes come before its own.
  init(
    _ classifier: ZeroShotClassifier, _ confusion: ConfusionMatrix, _ metrics: [RankedMetrics], places: [Int],
    undecodable: Int, unlabelled: Int
  ) {
    func share(_ k: Int) -> Double { Double(places.count { $0 < k }) / Double(places.count) }
    func mean(_ values: [Double]) -> Double? {
      values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
    }
    let known = classifier.classes.classes
    perClass = zip(known, metrics).enumerated().map { number, each in
      let samples = confusion.samples(of: number)
      return PerClass(
        label: each.0.label, names: each.0.names, samples: samples,
        recall: samples > 0 ? Double(confusion.count(number, takenFor: number)) / Double(samples) : nil,
        averagePrecision: each.1.averagePrecision, rocAUC: each.1.rocAUC,
        mistakenFor: confusion.mostFrequentMistake(of: number).map { known[$0].label })
    }
    samples = places.count
    self.undecodable = undecodable
    self.unlabelled = unlabelled
    classes = known.count
    templates = classifier.templates.count
    top1 = share(1)
    top5 = known.count > 5 ? share(5) : nil
    meanPerClass = mean(perClass.compactMap(\.recall)) ?? 0
    meanAveragePrecision = mean(perClass.compactMap(\.averagePrecision)) ?? 0
    rocAUC = mean(perClass.compactMap(\.rocAUC))
  }
}
