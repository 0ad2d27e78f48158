package import Tensors

/// What AdamW keeps of earlier gradients, for the slices of one rank.
package struct Moments {
  /// The first moments, the slices one behind the other as one row.
  package let first: Tensor
  /// The second moments, likewise.
  package let second: Tensor
  /// Who keeps what.
  let partition: Partition
  private let rank: Int

  /// Which of the two.
  enum Kind {
    case first, second
  }

  /// Zeros for a rank's slices.
  init(_ partition: Partition, rank: Int) {
    self.partition = partition
    self.rank = rank
    let count = partition.slices(of: rank).reduce(0) { $0 + $1.elements.count }
    first = Tensor(rows: 1, columns: count)
    second = Tensor(rows: 1, columns: count)
  }

  /// Bytes both take on this rank.
  package var byteCount: Int { (first.count + second.count) * first.elementType.size }

  /// What of these elements this rank keeps, and where.
  package func slices(in elements: Range<Int>) -> [Partition.Slice] { partition.slices(of: rank, in: elements) }

  /// The moments of one kind.
  func block(_ kind: Kind) -> Tensor {
    switch kind {
    case .first: first
    case .second: second
    }
  }

  /// The moments of elements this rank keeps, which lie in one slice, as one row.
  func numbers(of elements: Range<Int>, _ kind: Kind) -> Tensor {
    guard let slice = slices(in: elements).first, slice.elements == elements else {
      preconditionFailure("this rank does not keep the moments of elements \(elements)")
    }
    return block(kind).columns(slice.place)
  }
}
