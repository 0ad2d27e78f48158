/// The figure that a dataset is judged by, and that the strength of the penalty is chosen by.
public enum ProbeMetric: String, CaseIterable, Sendable {
  /// The share of samples that are found.
  case accuracy
  /// The mean of the classes' shares.
  case meanPerClass = "mean-per-class"
  /// The mean of the shares among the first and among the first five.
  case topOneAndFive = "top-1-and-5"
  /// The area under the receiver operating characteristic, of two classes.
  case rocAUC = "roc-auc"

  /// The figure; nil where there is none for so many classes.
  func value(of figures: ProbeFigures) -> Double? {
    switch self {
    case .accuracy: figures.top1
    case .meanPerClass: figures.meanPerClass
    case .topOneAndFive: figures.top5.map { ($0 + figures.top1) / 2 }
    case .rocAUC: figures.rocAUC
    }
  }

  /// The classes that it is defined for.
  package var classes: String {
    switch self {
    case .accuracy, .meanPerClass: "any classes"
    case .topOneAndFive: "more than five classes"
    case .rocAUC: "exactly two classes, both of them in every split"
    }
  }
}
