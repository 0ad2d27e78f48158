/// What is known of many numbers when they are not kept: their number, their mean and their ends.
struct Summary: Sendable {
  private(set) var count = 0
  private var sum = 0.0
  private(set) var least = Double.infinity
  private(set) var most = -Double.infinity
  private(set) var stepOfLeast = 0
  private(set) var stepOfMost = 0
  private(set) var last = 0.0

  /// All of them together.
  var total: Double { sum }

  var mean: Double { count > 0 ? sum / Double(count) : 0 }

  /// Takes the number of a step in.
  mutating func add(_ value: Double, step: Int) {
    count += 1
    sum += value
    last = value
    if value < least { (least, stepOfLeast) = (value, step) }
    if value > most { (most, stepOfMost) = (value, step) }
  }
}
