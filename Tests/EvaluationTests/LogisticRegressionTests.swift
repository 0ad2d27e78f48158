import Evaluation
import Foundation
import Tensors
import Testing

@Suite struct LogisticRegressionTests {
  /// Features around a mean for each class; sample i is of class i modulo `classes`.
  private static func samples(
    _ count: Int, _ dimension: Int, classes: Int, spread: Float, seed: UInt64 = 5
  ) -> (features: Tensor, labels: [Int]) {
    var generator = CounterGenerator(seed: seed)
    // Sums of uniform numbers: near enough to a bell.
    func bell() -> Float { (0..<4).reduce(-2) { sum, _ in sum + generator.uniform() } }
    let means = (0..<classes * dimension).map { _ in spread * bell() }
    let labels = (0..<count).map { $0 % classes }
    let values = labels.flatMap { label in (0..<dimension).map { means[label * dimension + $0] + bell() } }
    return (Tensor(values, columns: dimension), labels)
  }

  private static func accuracy(_ found: LogisticRegression, _ features: Tensor, _ labels: [Int]) -> Double {
    ProbeFigures(of: found.classifier, on: features, labels).top1
  }

  /// More samples than a block holds, and a number of them that fills none.
  @Test(arguments: [(2, 7, 61), (3, 5, 40), (6, 17, 2100)])
  func gradientIsThatOfFiniteDifferences(classes: Int, dimension: Int, count: Int) {
    let (features, labels) = Self.samples(count, dimension, classes: classes, spread: 1)
    let objective = LogisticObjective(features, labels, classes: classes, c: 0.02)
    #expect(objective.count == (classes == 2 ? 1 : classes) * (dimension + 1))
    var generator = CounterGenerator(seed: 3)
    let x = (0..<objective.count).map { _ in Double(generator.uniform()) - 0.5 }
    var gradient = [Double](repeating: .nan, count: x.count), unused = gradient
    let value = objective.value(x, &gradient)
    // Weights are rounded to single precision: steps that it holds exactly.
    let step = 0x1p-6
    for index in stride(from: 0, to: x.count, by: max(1, x.count / 40)) {
      var near = x
      near[index] = x[index] + step
      let above = objective.value(near, &unused)
      near[index] = x[index] - step
      let below = objective.value(near, &unused)
      #expect(abs((above - below) / (2 * step) - gradient[index]) < 2e-4, "\(index)")
    }
    #expect(value.isFinite && objective.value(x, &unused) == value && unused == gradient)
  }

  /// Weights of zero: every class is as likely; a penalty is that of its definition.
  @Test func valueIsThatOfItsDefinition() {
    let (features, labels) = Self.samples(30, 4, classes: 5, spread: 1)
    let objective = LogisticObjective(features, labels, classes: 5, c: 0.1)
    var gradient = [Double](repeating: 0, count: objective.count)
    #expect(abs(objective.value(gradient, &gradient) - log(5)) < 1e-7)
    // Equal weights of all classes change no probability, and biases are not penalised.
    let x = [Double](repeating: 0.5, count: 20) + [Double](repeating: 3, count: 5)
    #expect(abs(objective.value(x, &gradient) - log(5) - 20 * 0.25 / (2 * 0.1 * 30)) < 1e-6)
  }

  @Test(arguments: [2, 5]) func separableDataAreSeparated(classes: Int) {
    let (features, labels) = Self.samples(200, 20, classes: classes, spread: 4)
    let found = LogisticRegression(features, labels, classes: classes, .init(c: 1e6))
    #expect(found.hasConverged && found.iterations < 1000)
    #expect(Self.accuracy(found, features, labels) == 1)
  }

  /// Columns that are the same, multiples of each other, and zero: the penalty alone decides between them.
  @Test func collinearFeaturesShareTheWeight() throws {
    let (own, labels) = Self.samples(150, 3, classes: 3, spread: 1)
    let values = own.values
    let features = Tensor(
      (0..<150).flatMap { row in
        let (a, b) = (values[row * 3], values[row * 3 + 1])
        return [a, a, b, 2 * b, 0]
      }, columns: 5)
    let found = LogisticRegression(features, labels, classes: 3, .init(c: 0.5, tolerance: 1e-6))
    #expect(found.hasConverged)
    let weights = found.classifier.weights.values
    for row in 0..<3 {
      let own = Array(weights[row * 5..<row * 5 + 5])
      #expect(abs(own[0] - own[1]) < 1e-3 && abs(own[3] - 2 * own[2]) < 1e-3 && own[4] == 0, "\(own)")
    }
    // Rows of a multinomial model add up to nothing, and so do the biases.
    for column in 0..<5 { #expect(abs((0..<3).reduce(0) { $0 + weights[$1 * 5 + column] }) < 1e-3) }
    #expect(abs(found.classifier.biases.reduce(0, +)) < 1e-3)
  }

  @Test func oneExampleOfEachClassIsEnough() {
    let (features, labels) = Self.samples(9, 30, classes: 9, spread: 2)
    let found = LogisticRegression(features, labels, classes: 9, .init(c: 10))
    #expect(found.hasConverged && Self.accuracy(found, features, labels) == 1)
    #expect(found.classifier.classes == Array(0..<9))
  }

  /// A class without samples has no row, and is never taken.
  @Test func aClassWithoutSamplesIsLeftOut() {
    let (features, labels) = Self.samples(80, 6, classes: 4, spread: 3)
    let found = LogisticRegression(features, labels.map { $0 == 0 ? 0 : $0 + 2 }, classes: 9, .init(c: 1))
    #expect(found.hasConverged && found.classifier.classes == [0, 3, 4, 5])
    #expect(Self.accuracy(found, features, labels.map { $0 == 0 ? 0 : $0 + 2 }) == 1)
    let single = LogisticRegression(features, [Int](repeating: 2, count: 80), classes: 4, .init(c: 1))
    #expect(single.classifier.classes == [2] && single.hasConverged)
  }

  /// Features that differ by orders of magnitude: slow, but it gets there.
  @Test func badlyScaledFeaturesConverge() {
    let (own, labels) = Self.samples(400, 8, classes: 3, spread: 0.5)
    let features = Tensor(
      own.values.enumerated().map { $1 * [0.01, 1, 30, 1, 100, 0.1, 1, 1][$0 % 8] }, columns: 8)
    let found = LogisticRegression(features, labels, classes: 3, .init(c: 1, iterations: 5000))
    #expect(found.hasConverged, "\(found.iterations) steps")
  }

  /// To the last bit, whatever the number of threads.
  @Test func threadsChangeNothing() {
    let (features, labels) = Self.samples(3000, 33, classes: 11, spread: 0.4)
    let before = Threads.count
    defer { Threads.use(before) }
    let results = [1, 2, 3].map { threads in
      Threads.use(threads)
      return LogisticRegression(features, labels, classes: 11, .init(c: 3))
    }
    for other in results.dropFirst() {
      #expect(other.classifier.weights.values == results[0].classifier.weights.values)
      #expect(other.classifier.biases == results[0].classifier.biases && other.iterations == results[0].iterations)
    }
  }

  /// Of a tie the lower class is taken; a class the classifier does not know is never found.
  @Test func figuresAreThoseOfTheirDefinitions() {
    let weights = Tensor([1, 0, 0, 1, 1, 0], columns: 2)
    let classifier = LinearClassifier(weights: weights, biases: [0, 0.5, 0], classes: [1, 2, 4])
    let features = Tensor([2, 0, 0, 2, 1, 0, 0, 1], columns: 2)
    let figures = ProbeFigures(of: classifier, on: features, [1, 2, 4, 7])
    #expect(figures.top1 == 0.5 && figures.top5 == nil && figures.rocAUC == nil && figures.meanPerClass == 0.5)
    let two = LinearClassifier(weights: Tensor([0, 0, 1, -1], columns: 2), biases: [0, 0.5], classes: [0, 1])
    let ranked = ProbeFigures(of: two, on: features, [1, 1, 0, 0])
    #expect(ranked.rocAUC == 0.5 && ranked.top1 == 0.5)
  }
}
