import Checkpoints
import Files
import Tensors

extension EmbeddedParts {
  /// Puts all parts together into a file, which is there only when it is complete; no more than a part is in memory.
  ///
  /// - Returns: how many pictures cannot be decoded, and why the first few cannot.
  func assemble(_ format: EmbeddingFormat, to target: String) throws -> (undecodable: Int, examples: [String]) {
    var undecodable = 0, examples: [String] = []
    for number in 0..<plan.parts {
      let part = try soundPart(number)
      undecodable += part.undecodable
      examples += part.examples.prefix(EmbeddedPart.mostExamples - examples.count)
    }
    switch format {
    case .safetensors:
      let sources = plan.tensors.map { name in
        TensorSource(name, shape: [plan.samples, plan.dimension], type: .float32) { body in
          try self.lend(name, body)
        }
      }
      var metadata = [
        "format": "pt", EmbeddingIndex.Key.model: "\(plan.model)", EmbeddingIndex.Key.dataset: "\(plan.dataset)",
        EmbeddingIndex.Key.samples: "\(plan.samples)", EmbeddingIndex.Key.undecodable: "\(undecodable)",
      ]
      // The header comes first, so that the parts are read twice.
      for name in plan.tensors {
        let digest = RunningDigest()
        try lend(name) { digest.append($0) }
        metadata[EmbeddingIndex.Key.digest(of: name)] = "\(digest.digest)"
      }
      try SafetensorsWriter.write(sources, to: wholePath, metadata: metadata)
    case .numPy:
      let file = try FileWriter(wholePath)
      try file.append(NumPyHeader.bytes(rows: plan.samples, columns: plan.dimension))
      try lend(EmbeddingIndex.imageFeatures) { try file.append($0) }
      try file.commit()
    }
    try Directory.rename(wholePath, to: target)
    return (undecodable, examples)
  }

  /// Lends all rows of a tensor, part by part.
  private func lend(_ name: String, _ body: (UnsafeRawBufferPointer) throws -> Void) throws {
    for number in 0..<plan.parts {
      let part = try soundPart(number)
      do {
        try part.lend(name, body)
      } catch let damage as EmbeddedPart.Damage {
        throw error(damage, number)
      }
    }
  }

  /// A part that was sound a moment ago.
  private func soundPart(_ number: Int) throws -> EmbeddedPart {
    do {
      return try part(number)
    } catch let damage as EmbeddedPart.Damage {
      throw error(damage, number)
    }
  }

  private func error(_ damage: EmbeddedPart.Damage, _ number: Int) -> FileError {
    FileError(path(of: number), "is damaged: \(damage.reason)")
  }
}
