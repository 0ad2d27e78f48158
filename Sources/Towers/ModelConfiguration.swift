/// The shape of a CLIP model: open_clip's `model_cfg`, for the family of a Vision Transformer and a text transformer.
public struct ModelConfiguration: Sendable, Equatable {
  /// Channels of the embeddings both towers end in.
  public var embedDim: Int
  /// Whether the MLPs use `x · sigmoid(1.702 x)`, as OpenAI's models do, in place of the exact GELU.
  public var quickGELU: Bool
  /// The image tower.
  public var vision: VisionConfiguration
  /// The text tower.
  public var text: TextConfiguration

  /// A model from its parts.
  public init(embedDim: Int, quickGELU: Bool = false, vision: VisionConfiguration, text: TextConfiguration) {
    self.embedDim = embedDim
    self.quickGELU = quickGELU
    self.vision = vision
    self.text = text
  }
}

extension ModelConfiguration: Codable {
  /// Reads what open_clip writes.
  ///
  /// Keys at values that change nothing are accepted and dropped. A key that would change the computation in a way
  /// these towers do not offer, an unknown key, a value of the wrong type and numbers that do not fit together are a
  /// ``ConfigurationError`` naming the field.
  public init(from decoder: any Decoder) throws {
    let prefix = decoder.codingPath.map(\.stringValue).joined(separator: ".")
    var fields = try ConfigurationReader(JSONValue(from: decoder), at: prefix)
    embedDim = try fields.count("embed_dim")
    quickGELU = try fields.flag("quick_gelu")
    vision = try VisionConfiguration(
      fields.value("vision_cfg") ?? .null, at: fields.field("vision_cfg"))
    text = try TextConfiguration(fields.value("text_cfg") ?? .null, at: fields.field("text_cfg"))
    try fields.accept("multimodal_cfg")
    try fields.accept("init_logit_bias")
    if let scale = fields.value("init_logit_scale") {
      guard case .number(let scale) = scale, abs(scale - Self.initialLogitScale) < 1e-4 else {
        throw ConfigurationError(
          fields.field("init_logit_scale"), "\(scale) is not supported, only ln(1/0.07) = \(Self.initialLogitScale)")
      }
    }
    // They change how open_clip arranges the parameters and results, not what is computed.
    fields.ignore("custom_text", "nonscalar_logit_scale", "output_dict")
    try fields.finish()
  }

  /// The natural logarithm of 1/0.07, where CLIP's temperature starts.
  private static let initialLogitScale = 2.6592600369327783

  private enum CodingKeys: String, CodingKey {
    case embedDim = "embed_dim"
    case quickGELU = "quick_gelu"
    case vision = "vision_cfg"
    case text = "text_cfg"
  }

  /// Writes `model_cfg` as open_clip's own files have it.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(embedDim, forKey: .embedDim)
    if quickGELU { try container.encode(true, forKey: .quickGELU) }
    try container.encode(vision, forKey: .vision)
    try container.encode(text, forKey: .text)
  }
}
