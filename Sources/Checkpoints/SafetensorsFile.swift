import Files

/// A safetensors file open for reading. Opening checks its header in full; values are read when they are asked for.
public final class SafetensorsFile: Sendable {
  /// The tensors in the order of their bytes.
  public let tensors: [WeightTensor]
  /// Free texts about the file, such as `format`: `pt`.
  public let metadata: [String: String]
  /// Where the file lies.
  public let path: String

  /// Opens a file and checks its header; what is wrong with it is a `FileError`.
  public init(_ path: String) throws {
    let file = try FileReader(path)
    let (header, begin) = try SafetensorsHeader.read(of: path, count: file.count) { try file.read($0, at: 0) }
    self.path = path
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
