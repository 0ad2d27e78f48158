/// How embeddings of datasets are written.
public enum EmbeddingFormat: String, CaseIterable, Sendable {
  /// Tensors by name, with what they are of: an ``EmbeddingIndex``.
  case safetensors
  /// Rows alone, for NumPy and what reads its files.
  case numPy = "npy"

  /// The format that a file's ending asks for; nil where it asks for none of them.
  public init?(ofFile path: String) {
    guard let format = Self.allCases.first(where: { path.hasSuffix(".\($0.rawValue)") }) else { return nil }
    self = format
  }
}
