import Files

/// The tensors of a file of weights, whichever format it has.
struct WeightsFile {
  /// The tensors, with the names they have in the file.
  let tensors: [WeightTensor]
  /// Whether the model uses QuickGELU, where the file tells.
  let usesQuickGELU: Bool?

  /// Opens a file by its name's ending, and one with any other ending by how it begins.
  init(_ path: String) throws {
    if try Self.isTorch(path) {
      let file = try TorchFile(path)
      (tensors, usesQuickGELU) = (file.tensors, file.usesQuickGELU)
    } else {
      tensors = try SafetensorsFile(path).tensors
      usesQuickGELU = OpenCLIPNames.areOpenAIs(tensors.map(\.name)) ? true : nil
    }
  }

  private static let torchEndings = [".pt", ".pth", ".bin", ".ckpt"]

  private static func isTorch(_ path: String) throws -> Bool {
    if path.hasSuffix(".safetensors") { return false }
    if torchEndings.contains(where: path.hasSuffix) { return true }
    let file = try FileReader(path)
    return try file.read(min(file.count, 4), at: 0) == Array("PK\u{3}\u{4}".utf8)
  }
}
