import Files
import Glibc
public import Towers

/// A trained model as a directory that other programs load.
public enum ModelDirectory {
  /// Who is to load it.
  public enum Format: String, CaseIterable, Sendable {
    /// open_clip: `create_model_and_transforms("local-dir:PATH")`.
    case openCLIP = "open_clip"
    /// Transformers: `CLIPModel.from_pretrained(PATH)`.
    case transformers
  }

  /// Writes a directory that appears under its name only when it is complete.
  ///
  /// - Parameters:
  ///   - tensors: the weights, under our names.
  ///   - configuration: the model they belong to.
  ///   - preprocessing: what its pictures go through.
  ///   - format: who is to load it.
  ///   - path: the directory; it must not exist, or be empty.
  ///   - usesCLIPVocabulary: whether the tokens are CLIP's own, which open_clip has built in.
  ///   - writeTokenizer: writes `vocab.json`, `merges.txt` and their companions into the directory it is given.
  public static func write(
    _ tensors: [WeightTensor], of configuration: ModelConfiguration, preprocessing: Preprocessing = .clip,
    as format: Format, into path: String, usesCLIPVocabulary: Bool, writeTokenizer: (String) throws -> Void
  ) throws {
    let path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    if Directory.exists(path) {
      guard Directory.isDirectory(path), try Directory.names(in: path).isEmpty else {
        throw FileError(path, "exists already and is not an empty directory; remove it or choose another name")
      }
    }
    let temporary = "\(path).tmp-\(getpid())"
    try Directory.remove(temporary)
    try Directory.create(temporary)
    do {
      switch format {
      case .openCLIP:
        var model = configuration
        model.text.hfTokenizerName = usesCLIPVocabulary ? nil : "."
        try JSONFile.write(
          OpenCLIPConfiguration(model: model, preprocessing: preprocessing), to: "\(temporary)/open_clip_config.json")
        if !usesCLIPVocabulary { try writeTokenizer(temporary) }
        try SafetensorsWriter.write(tensors.map(OpenCLIPNames.exported), to: "\(temporary)/open_clip_model.safetensors")
      case .transformers:
        try JSONFile.write(
          try TransformersConfiguration(configuration), to: "\(temporary)/config.json", snakeCase: true)
        try JSONFile.write(
          TransformersPreprocessing(preprocessing, imageSize: configuration.vision.imageHeight),
          to: "\(temporary)/preprocessor_config.json", snakeCase: true)
        try writeTokenizer(temporary)
        let exported = try TransformersNames.exported(tensors)
        try SafetensorsWriter.write(exported.map { TensorSource($0) }, to: "\(temporary)/model.safetensors")
      }
      try Directory.sync(temporary)
      try Directory.rename(temporary, to: path)
    } catch {
      try? Directory.remove(temporary)
      throw error
    }
  }
}
