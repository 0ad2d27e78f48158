/// An operand of a matrix product: a matrix as it is, or transposed.
public protocol Factor {
  /// The matrix as it is stored.
  var matrix: Tensor { get }
  /// Whether the product takes its transpose.
  var isTransposed: Bool { get }
}

/// The transpose of a matrix, as an operand of a product; nothing is moved.
public struct Transposed: Factor {
  /// The matrix as it is stored.
  public let matrix: Tensor
  /// Always true.
  public var isTransposed: Bool { true }
}

extension Tensor: Factor {
  /// The matrix itself.
  public var matrix: Tensor { self }
  /// Always false.
  public var isTransposed: Bool { false }
  /// The transpose, as an operand of a product.
  public var transposed: Transposed { Transposed(matrix: self) }
}

extension Factor {
  /// Rows of the operand.
  var operandRows: Int { isTransposed ? matrix.columns : matrix.rows }
  /// Columns of the operand.
  var operandColumns: Int { isTransposed ? matrix.rows : matrix.columns }
}
