/// What a file says of a tensor besides its numbers.
public struct TensorDescription: Sendable, Equatable {
  /// The name it has in the file.
  public let name: String
  /// Its dimensions; empty for a scalar.
  public let shape: [Int]
  /// How its numbers are stored.
  public let type: StoredType

  /// - Parameters:
  ///   - name: the name it has in the file.
  ///   - shape: its dimensions.
  ///   - type: how its numbers are stored.
  public init(_ name: String, shape: [Int], type: StoredType = .float32) {
    self.name = name
    self.shape = shape
    self.type = type
  }

  /// Bytes the shape and the type make.
  public var byteCount: Int { shape.reduce(type.byteCount, *) }
}
