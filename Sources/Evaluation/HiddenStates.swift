public import Tensors
import Training

/// Room for the states of pictures or captions after a number of a tower's layers.
public struct HiddenStates {
  /// (inputs · rows, columns).
  public let values: Tensor
  /// After how many layers; 0 stands for what enters the first.
  public let layer: Int
  /// (inputs, rows, columns).
  public let shape: [Int]

  /// Reserves the room.
  ///
  /// - Parameters:
  ///   - layer: after how many layers.
  ///   - count: of how many inputs.
  ///   - what: what these are called, such as `pictures`.
  ///   - shape: of one input's states.
  /// - Throws: ``MemoryError`` where this machine has less memory left.
  public init(
    after layer: Int, of count: Int, _ what: String, shape: (rows: Int, columns: Int)
  ) throws {
    let bytes = 4 * count * shape.rows * shape.columns
    if let available = Memory.availableBytes, bytes > available {
      throw MemoryError("the hidden states of \(count) \(what)", bytes: bytes, available: available)
    }
    values = Tensor(rows: count * shape.rows, columns: shape.columns)
    self.layer = layer
    self.shape = [count, shape.rows, shape.columns]
  }

  /// The states of some inputs.
  func rows(_ inputs: Range<Int>) -> Tensor {
    values.rows(inputs.lowerBound * shape[1]..<inputs.upperBound * shape[1])
  }
}
