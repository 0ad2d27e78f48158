import Checkpoints
import Files
import Tensors

/// A part of a file of embeddings, in a file of its own that is there only when it is complete.
struct EmbeddedPart {
  /// A file that is no part, or no longer one: what becomes of it is that it is made again.
  struct Damage: Error {
    let reason: String
  }

  /// How many of its pictures cannot be decoded.
  let undecodable: Int
  /// Why, of the first few, a line each.
  let examples: [String]
  private let file: SafetensorsFile

  /// How many undecodable pictures are told of by name.
  static let mostExamples = 3

  private enum Key {
    static let part = "part"
    static let examples = "examples"
    static let checksum = "checksum"
  }

  /// Writes a part.
  ///
  /// - Parameters:
  ///   - tensors: what it holds, under the plan's names: (samples of the part, embedding) each.
  ///   - flaws: why pictures cannot be decoded, a line each.
  static func write(
    _ number: Int, of plan: EmbeddingPlan, _ tensors: [(name: String, rows: Tensor)], flaws: [String], to path: String
  ) throws {
    var metadata = plan.metadata
    metadata["format"] = "pt"
    metadata[Key.part] = "\(number)"
    metadata[EmbeddingIndex.Key.undecodable] = "\(flaws.count)"
    metadata[Key.examples] = flaws.prefix(mostExamples).map { $0.replacing("\n", with: " ") }.joined(separator: "\n")
    for (name, rows) in tensors {
      metadata[EmbeddingIndex.Key.digest(of: name)] = "\(rows.withFloats { Digest(of: UnsafeRawBufferPointer($0)) })"
    }
    metadata[Key.checksum] = checksum(of: metadata)
    let sources = tensors.map { name, rows in
      TensorSource(name, shape: [rows.rows, rows.columns], type: .float32) { body in
        try rows.withFloats { try body(UnsafeRawBufferPointer($0)) }
      }
    }
    try SafetensorsWriter.write(sources, to: path, metadata: metadata)
  }

  /// Opens a part.
  ///
  /// - Throws: ``Damage``; and `FileError` where it is sound and of another plan, or cannot be read just now.
  init(_ number: Int, of plan: EmbeddingPlan, at path: String) throws {
    let file: SafetensorsFile
    do {
      file = try SafetensorsFile(path)
    } catch let error as FileError where !error.isPassing {
      throw Damage(reason: error.reason)
    }
    var metadata = file.metadata
    guard let checksum = metadata.removeValue(forKey: Key.checksum), checksum == Self.checksum(of: metadata) else {
      throw Damage(reason: "its metadata are not those it was written with")
    }
    if let difference = plan.difference(from: metadata) { throw FileError(path, difference) }
    let shape = [plan.samples(of: number).count, plan.dimension]
    guard metadata[Key.part] == "\(number)",
      let undecodable = metadata[EmbeddingIndex.Key.undecodable].flatMap({ Int($0) }),
      plan.tensors.allSatisfy({ file.description(of: $0) == TensorDescription($0, shape: shape) })
    else { throw Damage(reason: "it is another part than its name says") }
    self.file = file
    self.undecodable = undecodable
    examples = (metadata[Key.examples] ?? "").split(separator: "\n").map(String.init)
  }

  /// Lends all numbers of a tensor, once they are proved to be what was written.
  func lend(_ name: String, _ body: (UnsafeRawBufferPointer) throws -> Void) throws {
    let count = file.description(of: name)?.shape.reduce(1, *) ?? 0
    let numbers = try [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
      try file.read(name, from: 0, into: UnsafeMutableBufferPointer(rebasing: buffer[..<count]))
      initialized = count
    }
    try numbers.withUnsafeBytes { bytes in
      let found = Digest(of: bytes), expected = file.metadata[EmbeddingIndex.Key.digest(of: name)] ?? "none"
      guard "\(found)" == expected else {
        throw Damage(reason: "its \(name) have digest \(found), expected \(expected)")
      }
      try body(bytes)
    }
  }

  private static func checksum(of metadata: [String: String]) -> String {
    let lines = metadata.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)\n" }
    return "\(Digest(of: Array(lines.joined().utf8)))"
  }
}
