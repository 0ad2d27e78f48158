public import Tensors

/// Multinomial logistic regression with an L2 penalty, as scikit-learn's `LogisticRegression(C=c, solver="lbfgs")`.
public struct LogisticRegression: Sendable {
  /// The classifier found.
  public let classifier: LinearClassifier
  /// Steps taken.
  public let iterations: Int
  /// Whether the gradient became small.
  public let hasConverged: Bool

  /// When to stop, and how strong the penalty is.
  public struct Settings: Sendable {
    /// The inverse of the strength of the penalty.
    public var c: Double
    /// The largest magnitude of the numbers of the gradient, of the mean over samples, at the minimum.
    public var tolerance: Double
    /// The most steps.
    public var iterations: Int

    /// The usual choices, or others.
    public init(c: Double, tolerance: Double = 1e-4, iterations: Int = 1000) {
      self.c = c
      self.tolerance = tolerance
      self.iterations = iterations
    }
  }

  /// Fits, from weights of zero. Threads change nothing in the result.
  ///
  /// - Parameters:
  ///   - features: (samples, dimension).
  ///   - labels: the class of each.
  ///   - classes: how many there are, at least two. Those without samples are never taken.
  public init(_ features: Tensor, _ labels: [Int], classes: Int, _ settings: Settings) {
    // The bias of a class without samples would go down for ever.
    let known = Set(labels).sorted()
    let places = Dictionary(uniqueKeysWithValues: known.enumerated().map { ($1, $0) })
    guard known.count > 1 else {
      classifier = LinearClassifier(
        weights: Tensor(rows: known.count, columns: features.columns),
        biases: [Float](repeating: 0, count: known.count), classes: known)
      (iterations, hasConverged) = (0, true)
      return
    }
    let function = LogisticObjective(features, labels.map { places[$0] ?? 0 }, classes: known.count, c: settings.c)
    let found = LBFGS(function.value).minimize(
      from: [Double](repeating: 0, count: function.count),
      .init(tolerance: settings.tolerance, iterations: settings.iterations))
    iterations = found.iterations
    hasConverged = found.gradient <= settings.tolerance
    let rows = LogisticObjective.rows(of: known.count), columns = features.columns
    let weights = Tensor(rows: known.count, columns: columns)
    var biases = [Float](repeating: 0, count: known.count)
    weights.rows(known.count - rows..<known.count).set(found.x[..<(rows * columns)].map { Float($0) })
    biases.replaceSubrange((known.count - rows)..., with: found.x[(rows * columns)...].map { Float($0) })
    classifier = LinearClassifier(weights: weights, biases: biases, classes: known)
  }
}
