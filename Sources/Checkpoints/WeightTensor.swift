/// A tensor by name whose values are somewhere else, mostly on disk, and are read when they are asked for.
///
/// A model's tensors fit in memory one at a time even where the whole model would not fit twice.
public struct WeightTensor: Sendable {
  /// The name, as the file or the layout it was converted to has it.
  public let name: String
  /// Its dimensions; empty for a scalar.
  public let shape: [Int]
  private let read: @Sendable () throws -> [Float]

  /// - Parameters:
  ///   - name: the tensor's name.
  ///   - shape: its dimensions.
  ///   - read: makes its values, in row-major order; called each time they are asked for.
  public init(_ name: String, shape: [Int], read: @escaping @Sendable () throws -> [Float]) {
    self.name = name
    self.shape = shape
    self.read = read
  }

  /// Number of values.
  public var count: Int { shape.reduce(1, *) }

  /// Reads the values, in row-major order.
  public func values() throws -> [Float] { try read() }

  /// The same tensor under another name.
  func renamed(_ name: String) -> WeightTensor { WeightTensor(name, shape: shape, read: read) }

  /// The same values in another shape.
  func reshaped(_ shape: [Int]) -> WeightTensor { WeightTensor(name, shape: shape, read: read) }

  /// A matrix with rows and columns exchanged.
  func transposed(named name: String) -> WeightTensor {
    let (rows, columns) = (shape[0], shape[1])
    return WeightTensor(name, shape: [columns, rows]) { [read] in
      let values = try read()
      return [Float](unsafeUninitializedCapacity: values.count) { result, initialized in
        for row in 0..<rows {
          for column in 0..<columns { result[column * rows + row] = values[row * columns + column] }
        }
        initialized = values.count
      }
    }
  }

  /// Equal parts along the first dimension.
  func split(into names: [String]) -> [WeightTensor] {
    let partShape = [shape[0] / names.count] + shape.dropFirst()
    let partCount = partShape.reduce(1, *)
    return names.enumerated().map { index, name in
      WeightTensor(name, shape: partShape) { [read] in
        Array(try read()[index * partCount..<(index + 1) * partCount])
      }
    }
  }

  /// Tensors of one shape, one after the other along the first dimension.
  static func joined(_ parts: [WeightTensor], named name: String) -> WeightTensor {
    let shape = [parts.reduce(0) { $0 + $1.shape[0] }] + parts[0].shape.dropFirst()
    return WeightTensor(name, shape: shape) { try parts.flatMap { try $0.values() } }
  }
}
