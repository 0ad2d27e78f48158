/// Which tensors of a checkpoint are in which of its files, and where: a function of names and shapes alone, whoever
/// writes it.
public struct CheckpointLayout: Sendable {
  /// A file of tensors.
  struct File: Sendable {
    /// Its name in the checkpoint's directory.
    let name: String
    let layout: SafetensorsLayout

    var isCompressed: Bool { name.hasSuffix(Checkpoint.compressedSuffix) }
  }

  /// Where some bytes are.
  struct Place: Comparable, Sendable {
    /// The file, as an index of ``CheckpointLayout/files``.
    let file: Int
    var bytes: Range<Int>

    static func < (left: Place, right: Place) -> Bool {
      (left.file, left.bytes.lowerBound) < (right.file, right.bytes.lowerBound)
    }
  }

  let files: [File]
  private let tensors: [String: Place]
  private static let numberBytes = StoredType.float32.byteCount

  /// Single-precision tensors, each of another name.
  ///
  /// - Parameters:
  ///   - model: the weights.
  ///   - optimizer: what the optimizer keeps.
  ///   - optimizerFileBytes: about how large a file of the optimizer may become.
  public init(
    model: [TensorDescription], optimizer: [TensorDescription], optimizerFileBytes: Int = 1 << 30
  ) {
    var files: [File] = []
    var tensors: [String: Place] = [:]
    for (name, group) in [(Checkpoint.modelFile, model)] + Self.groups(of: optimizer, limit: optimizerFileBytes) {
      guard let layout = try? SafetensorsLayout(of: group) else { preconditionFailure("two tensors of one name") }
      for (tensor, bytes) in layout.tensors {
        precondition(tensor.type == .float32 && tensors[tensor.name] == nil, "\(tensor.name) of \(name)")
        tensors[tensor.name] = Place(file: files.count, bytes: bytes)
      }
      files.append(File(name: name, layout: layout))
    }
    self.files = files
    self.tensors = tensors
  }

  /// Bytes of all files of tensors together, before any is compressed.
  public var byteCount: Int { files.reduce(0) { $0 + $1.layout.byteCount } }

  /// Where a part of a tensor is.
  func place(of part: TensorPart) -> Place {
    guard let tensor = tensors[part.name], part.elements.upperBound * Self.numberBytes <= tensor.bytes.count else {
      preconditionFailure("the checkpoint has no numbers \(part.elements) of \(part.name)")
    }
    let begin = tensor.bytes.lowerBound
    return Place(
      file: tensor.file,
      bytes: begin + part.elements.lowerBound * Self.numberBytes..<begin + part.elements.upperBound * Self.numberBytes)
  }

  func placeOfHeader(of file: Int) -> Place { Place(file: file, bytes: 0..<files[file].layout.header.count) }

  /// Splits tensors, in their order, into files of at most `limit` bytes each, or of one tensor that is larger.
  private static func groups(
    of tensors: [TensorDescription], limit: Int
  ) -> [(name: String, tensors: [TensorDescription])] {
    var groups: [[TensorDescription]] = []
    var bytes = 0
    for tensor in tensors {
      if groups.isEmpty || bytes + tensor.byteCount > limit {
        groups.append([])
        bytes = 0
      }
      groups[groups.count - 1].append(tensor)
      bytes += tensor.byteCount
    }
    return groups.enumerated().map { index, tensors in
      let digits = String(index)
      return (
        Checkpoint.optimizerPrefix + String(repeating: "0", count: max(0, 3 - digits.count)) + digits
          + Checkpoint.optimizerSuffix,
        tensors
      )
    }
  }
}
