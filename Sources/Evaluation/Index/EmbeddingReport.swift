/// What embedding datasets into a file has come to.
public struct EmbeddingReport: Encodable, Sendable {
  /// The shape of `image_features`: samples, numbers of an embedding.
  public let imageFeatures: [Int]
  /// The shape of `text_features`, where the captions were embedded.
  public let textFeatures: [Int]?
  /// The digest of the model.
  public let model: String
  /// The digest of the datasets.
  public let dataset: String
  /// How many pictures cannot be decoded: rows of zeros.
  public let undecodable: Int
  /// Into how many parts the work was cut, and how many of them earlier runs had done.
  public let parts: Int, keptParts: Int
  /// Whether the file was written; if not, it was there already.
  public let isWritten: Bool
  /// Why the first few undecodable pictures cannot be decoded; empty where the file was there already.
  public let examples: [String]

  private enum CodingKeys: String, CodingKey {
    case model, dataset, undecodable, parts
    case imageFeatures = "image_features"
    case textFeatures = "text_features"
    case keptParts = "kept_parts"
    case isWritten = "written"
  }

  init(_ plan: EmbeddingPlan, undecodable: Int, examples: [String], keptParts: Int, isWritten: Bool) {
    imageFeatures = [plan.samples, plan.dimension]
    textFeatures = plan.hasTexts ? imageFeatures : nil
    model = "\(plan.model)"
    dataset = "\(plan.dataset)"
    self.undecodable = undecodable
    self.examples = examples
    parts = plan.parts
    self.keptParts = keptParts
    self.isWritten = isWritten
  }

  /// What to tell of pictures that cannot be decoded; nil where there are none.
  public var warning: String? {
    guard undecodable > 0 else { return nil }
    let what =
      undecodable == 1
      ? "1 picture cannot be decoded and is a row" : "\(undecodable) pictures cannot be decoded and are rows"
    guard !examples.isEmpty else { return "\(what) of zeros" }
    return "\(what) of zeros: \(examples.joined(separator: "; "))\(undecodable > examples.count ? "; …" : "")"
  }
}
