import Files

/// A file of PyTorch open for reading: `.pt`, `.pth` or `.bin`.
///
/// It is what `torch.save` makes of a state dict or of a checkpoint that has one under `state_dict`, or what
/// `torch.jit.save` makes of a model: since PyTorch 1.6 a zip archive of one pickle, `data.pkl`, and a file for each
/// storage (`torch/serialization.py`, `torch/csrc/jit/serialization`). Opening reads the pickle; values are read when they
/// are asked for. Nothing in a file can make this run anything, or take much more memory than the file has bytes.
public final class TorchFile: Sendable {
  /// Where the file lies.
  public let path: String
  /// The tensors in the order of the file, with the names they have there. Single integers, such as sizes that a module
  /// keeps, are no weights and left out; batch norm's counts stay.
  public let tensors: [WeightTensor]
  /// Whether the model uses QuickGELU, as far as the file tells: a TorchScript archive names its classes, and OpenAI's are
  /// half precision or hold three numbers nobody else's do.
  public let usesQuickGELU: Bool?

  /// A pickle has some hundred bytes for each tensor.
  private static let mostPickleBytes = 1 << 26

  /// Opens a file; what is wrong with it is a `FileError`.
  public init(_ path: String) throws {
    self.path = path
    let file = try FileReader(path)
    do {
      try Self.check(beginOf: file)
      let archive = try ZipArchive(file)
      let root = try Self.root(of: archive)
      guard try archive.content(of: "\(root)/byteorder", most: 64).map({ $0 == Array("little".utf8) }) ?? true else {
        throw TorchFlaw("its numbers are not little-endian")
      }
      let isTorchScript = archive.entries["\(root)/constants.pkl"] != nil
      guard let pickle = try archive.content(of: "\(root)/data.pkl", most: Self.mostPickleBytes) else {
        throw TorchFlaw("it has no data.pkl")
      }
      var machine = PickleMachine(pickle, isTorchScript: isTorchScript)
      let state = try TorchStateDict(try machine.run(), of: machine)
      usesQuickGELU = Self.usesQuickGELU(state, isTorchScript: isTorchScript)
      tensors = try state.tensors.compactMap { name, tensor in
        tensor.shape.isEmpty && !tensor.type.isFloatingPoint && !OpenCLIPNames.countsBatches(name)
          ? nil : try Self.weight(name, tensor, of: archive, root: root, path: path)
      }
    } catch let flaw as TorchFlaw {
      throw FileError(path, "is not a PyTorch file that can be read: \(flaw.reason)")
    }
  }

  /// Says of files that are no zip archives what they are.
  private static func check(beginOf file: FileReader) throws {
    let begin = try file.read(min(file.count, 16), at: 0)
    if begin.starts(with: Array("PK\u{3}\u{4}".utf8)) { return }
    // A pickle of the number 0x1950A86A20F9469CFC6C, and one of any other value.
    if begin.starts(with: legacyMark) || begin.starts(with: [0x80, 0x02]) {
      throw TorchFlaw(
        "it is in the format from before PyTorch 1.6. Save it again in Python, "
          + "torch.save(torch.load(PATH, weights_only=True), NEW), or as safetensors")
    }
    throw TorchFlaw(
      "expected a zip archive as torch.save writes, found \(begin.isEmpty ? "nothing" : "one that begins otherwise")")
  }

  private static let legacyMark: [UInt8] = [
    0x80, 0x02, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50,
  ]

  /// The folder all entries are in, named after the file as it was first saved.
  private static func root(of archive: ZipArchive) throws(TorchFlaw) -> String {
    let roots = archive.entries.keys.compactMap { name -> Substring? in
      let parts = name.split(separator: "/", omittingEmptySubsequences: false)
      return parts.count == 2 && parts[1] == "data.pkl" ? parts[0] : nil
    }
    guard roots.count == 1 else {
      throw TorchFlaw(
        "it has \(roots.count) pickles FOLDER/data.pkl, expected one: torch.save or torch.jit.save write it")
    }
    return String(roots[0])
  }

  private static func weight(
    _ name: String, _ tensor: TorchTensor, of archive: ZipArchive, root: String, path: String
  ) throws -> WeightTensor {
    let entry = "\(root)/data/\(tensor.storage.key)"
    guard let range = try archive.range(of: entry) else {
      throw TorchFlaw("it has no entry \(entry), where the values of \(name) should be")
    }
    guard range.count / tensor.storage.type.byteCount == tensor.storage.count,
      range.count.isMultiple(of: tensor.storage.type.byteCount)
    else {
      throw TorchFlaw(
        "its entry \(entry) has \(range.count) bytes, "
          + "expected \(tensor.storage.count) numbers of \(tensor.storage.type.byteCount) bytes")
    }
    return WeightTensor(name, shape: tensor.shape) {
      guard tensor.type.isFloatingPoint || (tensor.type == .int64 && OpenCLIPNames.countsBatches(name)) else {
        throw FileError(path, "tensor \(name) holds \(tensor.type.rawValue), expected F32, F16, BF16 or F64")
      }
      do {
        return tensor.elements(of: try archive.numbers(tensor.type, tensor.span, of: entry))
      } catch let flaw as TorchFlaw {
        throw FileError(path, "is not a PyTorch file that can be read: \(flaw.reason)")
      }
    }
  }

  private static func usesQuickGELU(_ state: TorchStateDict, isTorchScript: Bool) -> Bool? {
    let (quick, exact) = (state.classes.contains("QuickGELU"), state.classes.contains("GELU"))
    if quick != exact { return quick }
    let isHalf = isTorchScript && state.tensors.contains { $0.tensor.type == .float16 }
    return isHalf || OpenCLIPNames.areOpenAIs(state.tensors.map(\.name)) ? true : nil
  }
}
