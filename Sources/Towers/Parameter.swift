public import Tensors

/// A named tensor that training changes: a view of the memory of a ``ParameterStore``.
public struct Parameter: Sendable {
  /// open_clip's name, such as `visual.transformer.resblocks.0.attn.in_proj_weight`.
  public let name: String
  /// Its dimensions; empty for a scalar.
  public let shape: [Int]
  /// Whether weight decay pulls it to zero: matrices do decay, gains, biases and the logit scale do not.
  public let decays: Bool
  /// Whether it enters products only: then its gradient is one product a micro-batch.
  let isFactor: Bool
  /// Whether it is a statistic of batch norm, which follows the pictures and has no gradient.
  public let isStatistic: Bool
  /// Whether it belongs to a group of layers that training leaves as they are.
  public let isLocked: Bool
  /// Where it begins in the flat order of all parameters, in elements.
  public let offset: Int
  let initializer: Initializer
  let memory: ParameterMemory

  /// Elements.
  public var count: Int { shape.reduce(1, *) }

  /// Where it lies in the flat order of all parameters.
  public var elements: Range<Int> { offset..<offset + count }

  // As a matrix: the first dimension is rows; a vector is one row.
  private var rows: Int { shape.count > 1 ? shape[0] : 1 }
  private var columns: Int { count / max(rows, 1) }

  /// The single-precision values, (first dimension, rest).
  ///
  /// - Precondition: this rank has them; where ranks share them, only while their unit is gathered.
  public var values: Tensor {
    let (storage, place) = memory.valuesPlace(of: elements, name)
    return Tensor(storage, offset: place * 4, rows: rows, columns: columns)
  }

  /// The gradient, shaped as ``values``; only of a store allocated for training.
  ///
  /// - Precondition: this rank has all of it; where ranks share it, or it is handed on, only while its unit is at hand.
  public var gradient: Tensor {
    let (storage, place) = memory.gradientPlace(of: elements, name)
    return Tensor(storage, offset: place * 4, rows: rows, columns: columns)
  }

  /// Whether the product that is this weight's gradient adds to ``gradient``, or overwrites what an earlier step left.
  var accumulates: Bool { memory.accumulates && !memory.isPassing(elements) }

  /// Rows `range` of a matrix, or elements of a vector: a view that shares values and gradient.
  func slice(_ range: Range<Int>) -> Parameter {
    let row = shape.dropFirst().reduce(1, *)
    return Parameter(
      name: name, shape: [range.count] + shape.dropFirst(), decays: decays, isFactor: isFactor,
      isStatistic: isStatistic, isLocked: isLocked, offset: offset + range.lowerBound * row, initializer: initializer,
      memory: memory)
  }
}
