/// A tensor on its way into a file: its bytes are lent when they are written, so that nothing is copied whole.
public struct TensorSource {
  /// What the file says of it.
  public let description: TensorDescription
  private let lend: ((UnsafeRawBufferPointer) throws -> Void) throws -> Void

  /// - Parameters:
  ///   - name: the name it gets in the file.
  ///   - shape: its dimensions.
  ///   - type: how its numbers are stored.
  ///   - lend: calls what it is given with all bytes, at once or part by part: row-major, little-endian, without gaps.
  public init(
    _ name: String, shape: [Int], type: StoredType,
    lend: @escaping ((UnsafeRawBufferPointer) throws -> Void) throws -> Void
  ) {
    description = TensorDescription(name, shape: shape, type: type)
    self.lend = lend
  }

  /// A tensor of single-precision numbers at hand.
  public init(_ name: String, shape: [Int], values: [Float]) {
    self.init(name, shape: shape, type: .float32) { body in try values.withUnsafeBytes { try body($0) } }
  }

  /// A tensor that is read only while it is written, as single-precision numbers.
  public init(_ tensor: WeightTensor) {
    self.init(tensor.name, shape: tensor.shape, type: .float32) { body in
      try tensor.values().withUnsafeBytes { try body($0) }
    }
  }

  func withBytes(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
    try lend(body)
  }
}
