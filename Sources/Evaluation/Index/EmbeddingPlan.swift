import Files

/// What a file of embeddings is to hold, and into which parts the work is cut: parts of one plan fit together.
struct EmbeddingPlan: Sendable {
  /// The model's ``Encoder/digest``.
  let model: Digest
  /// The digest of the datasets.
  let dataset: Digest
  /// Samples of all datasets.
  let samples: Int
  /// Numbers of an embedding.
  let dimension: Int
  /// Whether the captions are embedded as well.
  let hasTexts: Bool
  /// Samples of a part, in whole batches: a picture goes through the model with the same others however the work is cut.
  let partSamples: Int

  /// The most samples of a part where nobody says: what is lost when a rank is killed.
  static let mostPartSamples = 8192
  /// As many parts at least, where there are batches enough: ranks take whole parts, and all of them should have some.
  private static let leastParts = 128

  /// Samples of a part where nobody says.
  static func usualPartSamples(of samples: Int) -> Int {
    let batches = (samples / leastParts + Encoder.batch - 1) / Encoder.batch
    return min(max(batches, 1) * Encoder.batch, mostPartSamples)
  }

  /// How many parts there are.
  var parts: Int { (samples + partSamples - 1) / partSamples }

  /// The numbers of a part's samples.
  func samples(of part: Int) -> Range<Int> { part * partSamples..<min((part + 1) * partSamples, samples) }

  /// The tensors of a part, and of the whole.
  var tensors: [String] {
    hasTexts ? [EmbeddingIndex.imageFeatures, EmbeddingIndex.textFeatures] : [EmbeddingIndex.imageFeatures]
  }

  private enum Key {
    static let tensors = "tensors"
    static let partSamples = "part_samples"
  }

  /// What the metadata of a part say of the plan it belongs to.
  var metadata: [String: String] {
    [
      EmbeddingIndex.Key.model: "\(model)", EmbeddingIndex.Key.dataset: "\(dataset)",
      EmbeddingIndex.Key.samples: "\(samples)", Key.tensors: tensors.joined(separator: " "),
      Key.partSamples: "\(partSamples)",
    ]
  }

  /// How the plan that metadata tell of differs from this one; nil: not at all.
  func difference(from metadata: [String: String]) -> String? {
    let own = self.metadata
    func differs(_ key: String) -> (found: String, expected: String)? {
      let found = metadata[key] ?? "none", expected = own[key] ?? ""
      return found == expected ? nil : (found, expected)
    }
    if let (found, expected) = differs(EmbeddingIndex.Key.model) {
      return "is of another model (\(found)) than these weights (\(expected))"
    }
    if let (found, expected) = differs(EmbeddingIndex.Key.dataset) ?? differs(EmbeddingIndex.Key.samples) {
      return "is of other data (\(found)) than these (\(expected))"
    }
    if differs(Key.tensors) != nil {
      return hasTexts ? "is without the embeddings of captions" : "has the embeddings of captions as well"
    }
    return differs(Key.partSamples).map { "is of parts of \($0.found) samples, not of \($0.expected)" }
  }
}
