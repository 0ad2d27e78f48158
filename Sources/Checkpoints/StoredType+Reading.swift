import Files

extension StoredType {
  /// Whether weights can be of the type: they are read as single precision.
  var isFloatingPoint: Bool { [.float32, .float16, .bfloat16, .float64].contains(self) }

  /// Reads numbers from a file and widens them; eight-byte ones are rounded to single precision.
  ///
  /// - Parameters:
  ///   - count: how many; the caller knows that they are in the file.
  ///   - offset: the byte the first begins at.
  func read(_ count: Int, of file: FileReader, at offset: Int) throws -> [Float] {
    func raw<Number>(_: Number.Type) throws -> [Number] {
      try [Number](unsafeUninitializedCapacity: count) { buffer, initialized in
        try file.read(
          into: UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[..<(count * byteCount)]),
          at: offset)
        initialized = count
      }
    }
    switch self {
    case .float32: return try raw(Float.self)
    case .float16: return try raw(UInt16.self).map { Float(Float16(bitPattern: $0)) }
    case .bfloat16: return try raw(UInt16.self).map { Float(bitPattern: UInt32($0) << 16) }
    case .float64: return try raw(Double.self).map { Float($0) }
    case .int64: return try raw(Int64.self).map { Float($0) }
    default: throw FileError(file.path, "holds \(rawValue), expected F32, F16, BF16, F64 or I64")
    }
  }
}
