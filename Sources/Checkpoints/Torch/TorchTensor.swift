/// A tensor of a PyTorch file: how its elements lie in a storage.
struct TorchTensor: Sendable {
  let storage: TorchStorage
  let type: StoredType
  let shape: [Int]
  /// Steps in the storage, in numbers, from one element to the next along each dimension.
  let strides: [Int]
  /// The numbers from the first to the last element.
  let span: Range<Int>

  private static let mostDimensions = 64

  /// Checks that every element lies in the storage, and that there are no more elements than numbers there: a tensor
  /// that repeats numbers could be of any size.
  init(
    _ storage: TorchStorage, as type: StoredType, offset: Int, shape: [Int], strides: [Int]
  ) throws(TorchFlaw) {
    func flaw(_ reason: String) -> TorchFlaw {
      TorchFlaw(
        "it has a tensor of shape \(shape.prefix(8)), strides \(strides.prefix(8)) and offset \(offset)\(reason)")
    }
    guard shape.count == strides.count, shape.count <= Self.mostDimensions, offset >= 0,
      shape.allSatisfy({ $0 >= 0 }), strides.allSatisfy({ $0 >= 0 })
    else { throw flaw(": expected at most \(Self.mostDimensions) dimensions, and none below 0") }
    guard storage.type == type || storage.type == .uint8 else {
      throw flaw(" of \(type.rawValue) in a storage of \(storage.type.rawValue)")
    }
    let capacity = storage.type == type ? storage.count : storage.count / type.byteCount
    var count = 1
    var last = offset
    var overflows = false
    func add(_ pair: (partialValue: Int, overflow: Bool)) -> Int {
      overflows = overflows || pair.overflow
      return pair.partialValue
    }
    for (size, stride) in zip(shape, strides) where !shape.contains(0) {
      count = add(count.multipliedReportingOverflow(by: size))
      last = add(last.addingReportingOverflow(add((size - 1).multipliedReportingOverflow(by: stride))))
    }
    if shape.contains(0) { (count, last) = (0, offset - 1) }
    guard !overflows, last < capacity, count <= capacity, offset <= capacity else {
      throw flaw(", which does not fit its storage of \(capacity) numbers")
    }
    self.storage = storage
    self.type = type
    self.shape = shape
    self.strides = strides
    span = offset..<last + 1
  }

  /// Whether the elements lie one after the other.
  private var isContiguous: Bool {
    var step = 1
    for (size, stride) in zip(shape, strides).reversed() where size != 1 {
      guard stride == step else { return false }
      step *= size
    }
    return true
  }

  /// The elements in row-major order, given the numbers of the ``span``.
  func elements(of numbers: [Float]) -> [Float] {
    if isContiguous || numbers.isEmpty { return numbers }
    var elements: [Float] = []
    elements.reserveCapacity(shape.reduce(1, *))
    var index = [Int](repeating: 0, count: shape.count)
    var place = 0
    while true {
      elements.append(numbers[place])
      // The last dimension that has a next element goes on; those behind it start again.
      guard let dimension = index.indices.last(where: { index[$0] + 1 < shape[$0] }) else { return elements }
      index[dimension] += 1
      place += strides[dimension]
      for later in index.indices where later > dimension {
        place -= index[later] * strides[later]
        index[later] = 0
      }
    }
  }
}
