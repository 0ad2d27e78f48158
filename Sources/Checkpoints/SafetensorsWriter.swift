public import Files

/// Writes safetensors files.
public enum SafetensorsWriter {
  /// Writes tensors into a file that appears under its name only when it is complete.
  ///
  /// - Parameters:
  ///   - tensors: what to write, in any order.
  ///   - path: the file.
  ///   - metadata: free texts about the file; Transformers refuses a file that does not say which library it is for.
  /// - Returns: the length and the digest of the file.
  @discardableResult
  public static func write(
    _ tensors: [TensorSource], to path: String, metadata: [String: String] = ["format": "pt"]
  ) throws -> (bytes: Int, digest: Digest) {
    let layout: SafetensorsLayout
    do {
      layout = try SafetensorsLayout(of: tensors.map(\.description), metadata: metadata)
    } catch {
      throw FileError(path, "cannot hold two tensors named \(error.name)")
    }
    let sources = Dictionary(uniqueKeysWithValues: tensors.map { ($0.description.name, $0) })
    let file = try FileWriter(path)
    let digest = RunningDigest()
    func append(_ bytes: UnsafeRawBufferPointer) throws {
      digest.append(bytes)
      try file.append(bytes)
    }
    try layout.header.withUnsafeBytes { try append($0) }
    for (tensor, bytes) in layout.tensors {
      try sources[tensor.name]?.withBytes { try append($0) }
      guard file.count == bytes.upperBound else {
        throw FileError(
          path,
          "tensor \(tensor.name) gave \(file.count - bytes.lowerBound) bytes, expected \(bytes.count) for "
            + "\(tensor.shape)")
      }
    }
    try file.commit()
    return (file.count, digest.digest)
  }
}
