/// A matrix of numbers in row-major order: a view of a block of memory.
///
/// Rows are tokens, pictures or captions; columns are features. A tensor is a reference: copies see the same numbers.
/// Views that take part of the columns have a ``stride`` larger than ``columns``.
public struct Tensor: Sendable {
  /// Rows.
  public let rows: Int
  /// Columns.
  public let columns: Int
  /// Elements from the start of one row to the start of the next.
  public let stride: Int
  /// How the numbers are stored.
  public let elementType: ElementType
  let storage: Storage
  /// Where the first element lies, in bytes from the start of the storage.
  private let offset: Int

  /// A view of `storage`; `offset` is in bytes.
  public init(_ storage: Storage, offset: Int = 0, rows: Int, columns: Int, _ type: ElementType = .float32) {
    self.init(storage, offset: offset, rows: rows, columns: columns, stride: columns, type)
    precondition(offset >= 0 && offset + rows * columns * type.size <= storage.count, "a view beyond its storage")
  }

  private init(_ storage: Storage, offset: Int, rows: Int, columns: Int, stride: Int, _ type: ElementType) {
    self.storage = storage
    self.offset = offset
    self.rows = rows
    self.columns = columns
    self.stride = stride
    self.elementType = type
  }

  /// A tensor of its own, zeroed.
  public init(rows: Int, columns: Int, _ type: ElementType = .float32) {
    self.init(Storage(count: rows * columns * type.size), rows: rows, columns: columns, type)
  }

  /// A tensor of its own, holding `values` in row-major order.
  public init(_ values: [Float], columns: Int) {
    self.init(rows: values.count / columns, columns: columns)
    precondition(values.count == rows * columns, "\(values.count) values do not fill rows of \(columns)")
    floatPointer.update(from: values, count: values.count)
  }

  /// Elements.
  public var count: Int { rows * columns }

  /// Whether the rows lie one behind the other without gaps.
  var isContiguous: Bool { stride == columns || rows <= 1 }

  /// The rows in `range`.
  public func rows(_ range: Range<Int>) -> Tensor {
    precondition(range.lowerBound >= 0 && range.upperBound <= rows, "rows \(range) of \(rows)")
    return Tensor(
      storage, offset: offset + range.lowerBound * stride * elementType.size, rows: range.count, columns: columns,
      stride: stride, elementType)
  }

  /// The columns in `range`, in every row.
  public func columns(_ range: Range<Int>) -> Tensor {
    precondition(range.lowerBound >= 0 && range.upperBound <= columns, "columns \(range) of \(columns)")
    return Tensor(
      storage, offset: offset + range.lowerBound * elementType.size, rows: rows, columns: range.count, stride: stride,
      elementType)
  }

  /// The beginning of this memory as just as many rows of at most as many columns, without gaps.
  public func packed(columns: Int) -> Tensor {
    precondition(isContiguous && columns <= self.columns, "\(self.columns) columns have no room for \(columns)")
    return Tensor(
      storage, offset: offset, rows: rows, columns: columns, stride: columns, elementType)
  }

  /// The beginning of this memory as a matrix of another shape, without gaps.
  public func beginning(rows: Int, columns: Int) -> Tensor {
    precondition(isContiguous && rows * columns <= count, "\(count) numbers have no room for \(rows) × \(columns)")
    return Tensor(storage, offset: offset, rows: rows, columns: columns, stride: columns, elementType)
  }

  /// The same numbers as rows of another length.
  public func reshaped(columns: Int) -> Tensor {
    precondition(isContiguous && count % max(columns, 1) == 0, "\(rows) × \(self.columns) as rows of \(columns)")
    return Tensor(
      storage, offset: offset, rows: count / max(columns, 1), columns: columns, stride: columns, elementType)
  }
}

// MARK: - Access to the numbers

extension Tensor {
  /// Where the first element lies. Only for the files of this module that call kernels.
  var address: UnsafeMutableRawPointer { storage.base + offset }

  /// The first element, as floats. Only for the files of this module that call kernels.
  var floatPointer: UnsafeMutablePointer<Float> {
    precondition(elementType == .float32, "expected single precision")
    return (storage.base + offset).assumingMemoryBound(to: Float.self)
  }

  /// The first element, as bfloat16 bits. Only for the files of this module that call kernels.
  var bfloat16Pointer: UnsafeMutablePointer<UInt16> {
    precondition(elementType == .bfloat16, "expected bfloat16")
    return (storage.base + offset).assumingMemoryBound(to: UInt16.self)
  }

  /// Lends the numbers of a contiguous single-precision tensor, for reading.
  public func withFloats<Result, Failure: Error>(
    _ body: (UnsafeBufferPointer<Float>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    precondition(isContiguous, "a view with gaps")
    return try body(UnsafeBufferPointer(start: floatPointer, count: count))
  }

  /// Lends the numbers of a contiguous single-precision tensor, for writing.
  public func withMutableFloats<Result, Failure: Error>(
    _ body: (UnsafeMutableBufferPointer<Float>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    precondition(isContiguous, "a view with gaps")
    return try body(UnsafeMutableBufferPointer(start: floatPointer, count: count))
  }

  /// Lends the memory of a contiguous tensor of any type, for what moves numbers without looking at them.
  public func withMutableBytes<Result, Failure: Error>(
    _ body: (UnsafeMutableRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    precondition(isContiguous, "a view with gaps")
    return try body(UnsafeMutableRawBufferPointer(start: storage.base + offset, count: count * elementType.size))
  }

  /// A copy of the numbers, row by row, as floats.
  public var values: [Float] {
    let whole = elementType == .float32 ? self : widened()
    return (0..<rows).flatMap { row in
      Array(UnsafeBufferPointer(start: whole.floatPointer + row * whole.stride, count: columns))
    }
  }

  /// Sets the numbers of a contiguous single-precision tensor, in row-major order.
  public func set(_ values: [Float]) {
    precondition(values.count == count, "\(values.count) values for \(count)")
    withMutableFloats { _ = $0.update(fromContentsOf: values) }
  }

  /// The single number of a 1 × 1 tensor.
  public var scalar: Float {
    get {
      precondition(count == 1, "\(rows) × \(columns) is no scalar")
      return floatPointer.pointee
    }
    nonmutating set {
      precondition(count == 1, "\(rows) × \(columns) is no scalar")
      floatPointer.pointee = newValue
    }
  }
}
