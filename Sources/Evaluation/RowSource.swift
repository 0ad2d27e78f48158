public import Tensors

/// A matrix that is read in blocks of rows: in memory, or in a file of any size.
public protocol RowSource: Sendable {
  /// Rows.
  var rows: Int { get }
  /// Columns.
  var columns: Int { get }

  /// Some rows, without gaps.
  ///
  /// - Parameters:
  ///   - range: which ones.
  ///   - room: as many rows that nobody else uses meanwhile, for a source that has them nowhere in memory.
  /// - Returns: `room`, filled, or where the rows lie anyway.
  func block(_ range: Range<Int>, room: Tensor) throws -> Tensor
}

extension Tensor: RowSource {
  /// The rows where they lie.
  public func block(_ range: Range<Int>, room: Tensor) -> Tensor { rows(range) }
}
