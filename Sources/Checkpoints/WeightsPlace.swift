import Files

/// Where the weights are that a path means.
struct WeightsPlace {
  /// The safetensors file.
  let file: String
  /// Damaged checkpoints that were passed over.
  let warnings: [String]

  /// The names of weights in a directory, in the order in which open_clip looks for them.
  private static let names = [
    "open_clip_model.safetensors", "open_clip_pytorch_model.safetensors", "model.safetensors",
  ]

  init(_ path: String) throws {
    guard Directory.exists(path) else {
      throw FileError(
        path, "does not exist; expected a run, a checkpoint, an exported directory or a .safetensors file")
    }
    guard Directory.isDirectory(path) else {
      file = path
      warnings = []
      return
    }
    let store = CheckpointStore(path)
    if try !store.list().isEmpty {
      let newest = try store.newestValid(of: Checkpoint.modelFile)
      guard let checkpoint = newest.checkpoint else {
        throw FileError(path, "has no checkpoint that can be trusted: \(newest.warnings.joined(separator: "; "))")
      }
      file = "\(checkpoint.directory)/\(Checkpoint.modelFile)"
      warnings = newest.warnings
      return
    }
    warnings = []
    if Directory.exists("\(path)/\(Manifest.name)") {
      let checkpoint = Checkpoint(path)
      if let problem = checkpoint.problems(of: Checkpoint.modelFile).first {
        throw FileError(path, "is not a checkpoint that can be trusted: \(problem)")
      }
    }
    guard let name = Self.names.first(where: { Directory.exists("\(path)/\($0)") }) else {
      throw FileError(
        path, "holds neither a step-* checkpoint nor any of \(Self.names.joined(separator: ", "))")
    }
    file = "\(path)/\(name)"
  }
}
