import Collectives
import Tensors

extension Communicator {
  /// Columns to send to each rank, and columns to fill with what each sends here.
  typealias Columns = (outgoing: [Range<Int>], incoming: [Range<Int>])

  /// Exchanges columns of `source`, which go out, and of `target`, which are filled, piece by piece.
  ///
  /// Both are tensors of one row and one type, or the same tensor, where nothing is sent and filled at once. `parcels`
  /// and `arrived` are as in ``exchange(pieces:outgoingStays:_:arrived:)``.
  func exchange(
    _ source: Tensor, into target: Tensor, pieces: Int = 1, outgoingStays: Bool, _ parcels: (Int) -> Columns,
    arrived: (Int) -> Void = { _ in }
  ) throws {
    let size = source.elementType.size
    try source.withMutableBytes { source in
      try target.withMutableBytes { target in
        try exchange(
          pieces: pieces, outgoingStays: outgoingStays,
          { piece in
            let columns = parcels(piece)
            return (
              columns.outgoing.map {
                UnsafeRawBufferPointer(rebasing: source[$0.lowerBound * size..<$0.upperBound * size])
              },
              columns.incoming.map {
                UnsafeMutableRawBufferPointer(rebasing: target[$0.lowerBound * size..<$0.upperBound * size])
              }
            )
          }, arrived: arrived)
      }
    }
  }
}
