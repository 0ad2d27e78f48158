public import Files

/// Writes safetensors files, byte for byte as the reference library of Python does.
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
    let ordered = tensors.sorted {
      $0.type.rank != $1.type.rank ? $0.type.rank > $1.type.rank : $0.name.utf8.lexicographicallyPrecedes($1.name.utf8)
    }
    var names: Set<String> = []
    for tensor in tensors where !names.insert(tensor.name).inserted {
      throw FileError(path, "cannot hold two tensors named \(tensor.name)")
    }
    let file = try FileWriter(path)
    let digest = RunningDigest()
    func append(_ bytes: UnsafeRawBufferPointer) throws {
      digest.append(bytes)
      try file.append(bytes)
    }
    try header(of: ordered, metadata: metadata).withUnsafeBytes { try append($0) }
    for tensor in ordered {
      let begin = file.count
      try tensor.withBytes { try append($0) }
      guard file.count - begin == tensor.byteCount else {
        throw FileError(
          path,
          "tensor \(tensor.name) gave \(file.count - begin) bytes, expected \(tensor.byteCount) for \(tensor.shape)")
      }
    }
    try file.commit()
    return (file.count, digest.digest)
  }

  /// The length of the JSON, the JSON, and spaces to a multiple of eight.
  private static func header(of tensors: [TensorSource], metadata: [String: String]) -> [UInt8] {
    let texts = metadata.sorted { $0.key < $1.key }.map { "\(quoted($0.key)):\(quoted($0.value))" }
    var members = metadata.isEmpty ? [] : ["\"__metadata__\":{\(texts.joined(separator: ","))}"]
    var begin = 0
    for tensor in tensors {
      let end = begin + tensor.byteCount
      let shape = tensor.shape.map { "\($0)" }.joined(separator: ",")
      members.append(
        "\(quoted(tensor.name)):{\"dtype\":\"\(tensor.type.rawValue)\",\"shape\":[\(shape)],"
          + "\"data_offsets\":[\(begin),\(end)]}")
      begin = end
    }
    var json = Array("{\(members.joined(separator: ","))}".utf8)
    json += [UInt8](repeating: UInt8(ascii: " "), count: (8 - json.count % 8) % 8)
    return withUnsafeBytes(of: UInt64(json.count).littleEndian) { Array($0) } + json
  }

  /// A text as JSON, escaped as the reference library escapes.
  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case "\u{8}": result += "\\b"
      case "\u{C}": result += "\\f"
      case "\0"..<" ":
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
