import Tensors

/// Memory for the values and gradients of some runs of elements, one run behind the other.
struct ParameterArea {
  /// The runs, in the flat order of all parameters; some may be empty.
  var runs: [Range<Int>]
  let values: Storage
  /// Empty where nothing is trained. Another block of this size may take its place.
  var gradients: Storage {
    didSet { precondition(gradients.count == oldValue.count, "\(gradients.count) bytes for \(oldValue.count)") }
  }

  /// Reserves memory for runs, or for those that are yet to come, of at most `capacity` elements together.
  init(_ runs: [Range<Int>] = [], capacity: Int = 0, forTraining: Bool = false) {
    self.runs = runs
    let count = max(capacity, runs.reduce(0) { $0 + $1.count })
    values = Storage(count: count * 4)
    gradients = Storage(count: forTraining ? count * 4 : 0)
  }

  /// Bytes of both.
  var byteCount: Int { values.count + gradients.count }

  /// Where these elements begin, in elements; nil unless all of them lie in one of the runs.
  func place(of elements: Range<Int>) -> Int? {
    var place = 0
    for run in runs {
      if run.lowerBound <= elements.lowerBound, elements.upperBound <= run.upperBound {
        return place + elements.lowerBound - run.lowerBound
      }
      place += run.count
    }
    return nil
  }

  /// What of these elements lies here, as parts that are not empty.
  func parts(of elements: Range<Int>) -> [Range<Int>] {
    runs.map { $0.clamped(to: elements) }.filter { !$0.isEmpty }
  }

  /// The values of elements, as one row.
  func values(of elements: Range<Int>) -> Tensor { row(values, elements) }

  /// The gradients of elements, as one row.
  func gradients(of elements: Range<Int>) -> Tensor { row(gradients, elements) }

  private func row(_ storage: Storage, _ elements: Range<Int>) -> Tensor {
    guard !elements.isEmpty else { return Tensor(storage, rows: 1, columns: 0) }
    guard let place = place(of: elements) else { preconditionFailure("elements \(elements) are not on this rank") }
    return Tensor(storage, offset: place * 4, rows: 1, columns: elements.count)
  }
}
