import Files

/// Where the weights are that a path means.
struct WeightsPlace {
  /// The file of weights.
  let file: String
  /// Damaged checkpoints that were passed over.
  let warnings: [String]

  /// The names of weights in a directory, in the order in which open_clip looks for them.
  private static let names = [
    "open_clip_model.safetensors", "open_clip_pytorch_model.safetensors", "open_clip_pytorch_model.bin",
    "open_clip_pytorch_model.pth", "model.safetensors", "pytorch_model.bin", "pytorch_model.pth", "model.pth",
  ]

  init(_ path: String) throws {
    guard Directory.exists(path) else {
      throw FileError(
        path,
        "does not exist; expected a run, a checkpoint, a model's directory or a file, .safetensors, .pt, .pth or .bin")
    }
    guard Directory.isDirectory(path) else {
      try Self.check(checkpointOf: path)
      file = path
      warnings = []
      return
    }
    let store = CheckpointStore(path)
    if try !store.list().isEmpty {
      let newest = try store.newestValid(of: .weights)
      guard let checkpoint = newest.checkpoint else {
        throw FileError(path, "has no checkpoint that can be trusted: \(newest.warnings.joined(separator: "; "))")
      }
      file = "\(checkpoint.directory)/\(Checkpoint.modelFile)"
      warnings = newest.warnings
      return
    }
    warnings = []
    try Self.check(checkpointOf: "\(path)/\(Checkpoint.modelFile)")
    guard let name = Self.names.first(where: { Directory.exists("\(path)/\($0)") }) else {
      throw FileError(
        path, "holds neither a step-* checkpoint nor any of \(Self.names.joined(separator: ", "))")
    }
    file = "\(path)/\(name)"
  }

  /// Throws if weights belong to a checkpoint whose manifest says something else of them.
  private static func check(checkpointOf file: String) throws {
    let slash = file.lastIndex(of: "/")
    let directory = slash.map { String(file[..<$0]) } ?? "."
    guard slash.map({ file[file.index(after: $0)...] == Checkpoint.modelFile }) ?? (file == Checkpoint.modelFile),
      Directory.exists("\(directory)/\(Manifest.name)")
    else { return }
    if let problem = Checkpoint(directory).problems(of: .weights).first {
      throw FileError(directory, "is not a checkpoint that can be trusted: \(problem)")
    }
  }
}
