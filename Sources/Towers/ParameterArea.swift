import Tensors

/// Memory for a number of each element in some runs, one run behind the other.
struct ParameterArea {
  /// The runs, in the flat order of all parameters; some may be empty, and none begins where another ends.
  private(set) var runs: [Range<Int>]
  /// Another block of this size may take its place.
  var storage: Storage {
    didSet { precondition(storage.count == oldValue.count, "\(storage.count) bytes for \(oldValue.count)") }
  }

  /// Reserves memory for runs, or for those that are yet to come, of at most `capacity` elements together.
  init(_ runs: [Range<Int>] = [], capacity: Int = 0) {
    self.runs = runs.reduce(into: []) { joined, run in
      if let last = joined.last, last.upperBound == run.lowerBound {
        joined[joined.count - 1] = last.lowerBound..<run.upperBound
      } else {
        joined.append(run)
      }
    }
    storage = Storage(count: max(capacity, runs.reduce(0) { $0 + $1.count }) * 4)
  }

  /// Elements there is room for.
  var capacity: Int { storage.count / 4 }

  /// Takes other elements from now on, or none.
  mutating func hold(_ elements: Range<Int>?) {
    precondition((elements?.count ?? 0) <= capacity, "\(elements?.count ?? 0) elements, and room for \(capacity)")
    runs = elements.map { [$0] } ?? []
  }

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

  /// The numbers of elements, as one row.
  func row(_ elements: Range<Int>) -> Tensor {
    guard !elements.isEmpty else { return Tensor(storage, rows: 1, columns: 0) }
    guard let place = place(of: elements) else { preconditionFailure("elements \(elements) are not here") }
    return Tensor(storage, offset: place * 4, rows: 1, columns: elements.count)
  }
}
