import Files

/// A safetensors file open for reading. Opening checks its header in full; values are read when they are asked for.
public final class SafetensorsFile: Sendable {
  /// The tensors in the order of their bytes.
  public let tensors: [WeightTensor]
  /// Free texts about the file, such as `format`: `pt`.
  public let metadata: [String: String]
  /// Where the file lies.
  public let path: String
  private let file: FileReader
  private let entries: [SafetensorsHeader.Entry]
  /// Where the data begin.
  private let begin: Int

  /// Opens a file and checks its header; what is wrong with it is a `FileError`.
  public init(_ path: String) throws {
    let file = try FileReader(path)
    let (header, begin) = try SafetensorsHeader.read(of: path, count: file.count) { try file.read($0, at: 0) }
    self.path = path
    self.file = file
    self.begin = begin
    entries = header.entries
    metadata = header.metadata
    tensors = header.entries.map { entry in
      WeightTensor(entry.name, shape: entry.shape) { try Self.read(entry, of: file, from: begin) }
    }
  }

  /// The tensor of a name; an error names the file when there is none.
  public func tensor(_ name: String) throws -> WeightTensor {
    guard let tensor = tensors.first(where: { $0.name == name }) else {
      throw FileError(path, "has no tensor \(name)")
    }
    return tensor
  }

  /// What the file says of a tensor besides its numbers; nil where there is none of the name.
  public func description(of name: String) -> TensorDescription? {
    entry(name).map { TensorDescription($0.name, shape: $0.shape, type: $0.type) }
  }

  /// Reads a stretch of a tensor of single-precision numbers, and nothing else of the file.
  ///
  /// - Parameters:
  ///   - name: a tensor that is there, of type F32.
  ///   - first: the place of the first number, in row-major order.
  ///   - numbers: room for as many as are read, of which the tensor has that many behind `first`.
  public func read(_ name: String, from first: Int, into numbers: UnsafeMutableBufferPointer<Float>) throws {
    guard let entry = entry(name), entry.type == .float32 else {
      throw FileError(path, "has no tensor \(name) of single precision")
    }
    let offset = entry.range.lowerBound + first * entry.type.byteCount
    let bytes = UnsafeMutableRawBufferPointer(numbers)
    precondition(first >= 0 && offset + bytes.count <= entry.range.upperBound, "numbers beyond \(name)")
    try file.read(into: bytes, at: begin + offset)
  }

  private func entry(_ name: String) -> SafetensorsHeader.Entry? { entries.first { $0.name == name } }

  /// Reads numbers and widens them.
  private static func read(_ entry: SafetensorsHeader.Entry, of file: FileReader, from begin: Int) throws -> [Float] {
    guard entry.type.isFloatingPoint || (entry.type == .int64 && OpenCLIPNames.countsBatches(entry.name)) else {
      throw FileError(
        file.path, "tensor \(entry.name) holds \(entry.type.rawValue), expected F32, F16, BF16 or F64")
    }
    return try entry.type.read(
      entry.range.count / entry.type.byteCount, of: file, at: begin + entry.range.lowerBound)
  }
}
