import Files
import Synchronization
import Tensors

/// A checkpoint open for reading: whoever reads gets numbers only after the digest of their block was compared.
public struct CheckpointReader: Sendable {
  /// Where it lies.
  public let checkpoint: Checkpoint
  private let files: [StoredFile]
  private let tensors: [String: StoredTensor]

  /// Where the numbers of a tensor are.
  private struct StoredTensor {
    let file: Int
    let shape: [Int]
    /// In the file as it is without compression.
    let bytes: Range<Int>
  }

  /// Opens a checkpoint, whose names and lengths must be what its manifest says, and reads what its files say of their
  /// tensors.
  public init(_ checkpoint: Checkpoint) throws {
    self.checkpoint = checkpoint
    files = try Manifest.read(from: checkpoint.directory).files.map {
      try StoredFile($0, in: checkpoint.directory)
    }
    if let problem = checkpoint.problems(contents: false).first { throw Self.error(problem, checkpoint) }
    var tensors: [String: StoredTensor] = [:]
    for (index, file) in files.enumerated() {
      guard file.entry.file == Checkpoint.modelFile || file.entry.file.hasSuffix(Checkpoint.optimizerSuffix) else {
        // Small, and nobody may ask for it again.
        _ = try file.content()
        continue
      }
      let (header, begin) = try Self.header(of: file)
      for entry in header.entries {
        guard entry.type == .float32 else {
          throw FileError(file.path, "tensor \(entry.name) holds \(entry.type.rawValue), expected F32")
        }
        guard tensors[entry.name] == nil else { throw FileError(file.path, "has a second tensor \(entry.name)") }
        tensors[entry.name] = StoredTensor(
          file: index, shape: entry.shape,
          bytes: begin + entry.range.lowerBound..<begin + entry.range.upperBound)
      }
    }
    self.tensors = tensors
  }

  /// A small file, such as `state.json`.
  public func file(_ name: String) throws -> [UInt8] {
    guard let file = files.first(where: { $0.entry.file == name }) else {
      throw FileError("\(checkpoint.directory)/\(name)", "is not named in \(Manifest.name)")
    }
    return try file.content()
  }

  /// The bytes of `state.json`.
  public func state() throws -> [UInt8] { try file(Checkpoint.stateFile) }

  /// Throws unless there is a tensor of a name and a shape.
  public func check(_ name: String, shape: [Int]) throws {
    guard tensors[name]?.shape == shape else {
      throw FileError(
        checkpoint.directory,
        "tensor \(name): found \(tensors[name]?.shape.description ?? "none"), expected shape \(shape)")
    }
  }

  /// Reads parts of tensors, on all threads of this rank. What no part overlaps is not read.
  ///
  /// - Parameters:
  ///   - parts: of tensors that there are.
  ///   - deliver: called from any thread, with some bytes of a part, and which of its bytes they are; in any order, each
  ///     byte once.
  public func read(
    _ parts: [TensorPart], deliver: @Sendable (TensorPart, Range<Int>, UnsafeRawBufferPointer) -> Void
  ) throws {
    var wanted = [[(bytes: Range<Int>, part: TensorPart)]](repeating: [], count: files.count)
    for part in parts where !part.elements.isEmpty {
      let size = StoredType.float32.byteCount
      guard let tensor = tensors[part.name], part.elements.upperBound * size <= tensor.bytes.count else {
        throw FileError(checkpoint.directory, "has no numbers \(part.elements) of a tensor \(part.name)")
      }
      let begin = tensor.bytes.lowerBound + part.elements.lowerBound * size
      wanted[tensor.file].append((begin..<begin + part.elements.count * size, part))
    }
    let items = files.indices.flatMap { file in
      let wanted = wanted[file]
      return files[file].contents.enumerated().compactMap { index, content in
        let overlapping = wanted.filter { $0.bytes.overlaps(content) }
        return overlapping.isEmpty ? nil : (file: file, block: index, content: content, wanted: overlapping)
      }
    }
    let failures = Failures<Int>()
    Threads.forEachItem(of: items.count, keeping: { StoredFile.Buffers(for: files) }) { index, buffers in
      let item = items[index]
      failures.note(0, at: index) {
        try files[item.file].read(item.block, buffers) { bytes in
          for (range, part) in item.wanted {
            let common = range.clamped(to: item.content)
            let here = common.lowerBound - item.content.lowerBound..<common.upperBound - item.content.lowerBound
            deliver(
              part, common.lowerBound - range.lowerBound..<common.upperBound - range.lowerBound,
              UnsafeRawBufferPointer(rebasing: bytes[here]))
          }
        }
      }
    }
    if let first = failures.first.first { throw first }
  }

  /// The header of a file of tensors, and where their bytes begin.
  private static func header(of file: StoredFile) throws -> (SafetensorsHeader, begin: Int) {
    let buffers = StoredFile.Buffers(for: [file])
    let contents = file.contents
    var bytes: [UInt8] = [], blocks = 0
    return try SafetensorsHeader.read(of: file.path, count: contents.last?.upperBound ?? 0) { count in
      while bytes.count < count, blocks < contents.count {
        try file.read(blocks, buffers) { bytes += $0 }
        blocks += 1
      }
      return Array(bytes.prefix(count))
    }
  }

  /// A line of ``Checkpoint/problems(contents:of:)``, which begins with the path concerned.
  private static func error(_ problem: String, _ checkpoint: Checkpoint) -> FileError {
    guard let colon = problem.firstRange(of: ": ") else { return FileError(checkpoint.directory, problem) }
    return FileError(String(problem[..<colon.lowerBound]), String(problem[colon.upperBound...]))
  }
}
