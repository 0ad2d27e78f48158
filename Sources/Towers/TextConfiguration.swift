/// The shape of a text transformer: open_clip's `text_cfg`.
public struct TextConfiguration: Sendable, Equatable {
  /// Most tokens a text can have, start and end included.
  public var contextLength: Int
  /// Number of token ids.
  public var vocabularySize: Int
  /// Channels of a token.
  public var width: Int
  /// Attention heads of a block.
  public var heads: Int
  /// Number of residual blocks.
  public var layers: Int
  /// Channels inside an MLP, as a multiple of ``width``.
  public var mlpRatio: Double
  /// Where open_clip finds a tokenizer other than CLIP's own; `.` means beside the configuration.
  public var hfTokenizerName: String?

  /// A text tower; the defaults are open_clip's.
  public init(
    contextLength: Int = 77, vocabularySize: Int = 49408, width: Int = 512, heads: Int = 8, layers: Int = 12,
    mlpRatio: Double = 4, hfTokenizerName: String? = nil
  ) {
    self.contextLength = contextLength
    self.vocabularySize = vocabularySize
    self.width = width
    self.heads = heads
    self.layers = layers
    self.mlpRatio = mlpRatio
    self.hfTokenizerName = hfTokenizerName
  }

  /// Channels of one attention head.
  public var headWidth: Int { width / heads }
  /// Channels inside an MLP; rounded down, as open_clip does.
  public var mlpWidth: Int { Int(Double(width) * mlpRatio) }
}

extension TextConfiguration {
  /// Reads `text_cfg`; refuses whatever would make another computation than this tower's.
  init(_ value: JSONValue, at path: String) throws {
    var fields = try ConfigurationReader(value, at: path)
    try fields.accept("hf_model_name")
    contextLength = try fields.count("context_length", default: 77)
    vocabularySize = try fields.count("vocab_size", default: 49408)
    width = try fields.count("width", default: 512)
    heads = try fields.count("heads", default: 8)
    layers = try fields.count("layers", default: 12)
    mlpRatio = try fields.positive("mlp_ratio", default: 4)
    hfTokenizerName = try fields.text("hf_tokenizer_name")

    try fields.accept("tokenizer_mode", only: .string(""))
    try fields.accept("tokenizer_kwargs", only: .object([:]))
    try fields.accept("ls_init_value")
    try fields.accept("embed_cls", only: .boolean(false))
    try fields.accept("no_causal_mask", only: .boolean(false))
    try fields.accept("proj_bias", only: .boolean(false))
    try fields.accept("proj_type", only: .string("linear"))
    try fields.acceptPlainBlocks()
    // The end token has the largest id and occurs once, so looking for it and looking for the largest id are the same.
    if fields.value("pool_type") == .string("eos") {
      guard fields.value("eos_id") == .number(Double(vocabularySize - 1)) else {
        throw ConfigurationError(
          fields.field("eos_id"),
          "\(fields.value("eos_id") ?? .number(2)) is not supported with pool_type \"eos\", only the last id, "
            + "\(vocabularySize - 1)")
      }
    } else {
      try fields.accept("pool_type", only: .string("argmax"))
      fields.ignore("eos_id")
    }
    // Read only with a class token, without a causal mask, or not at all.
    fields.ignore("pad_id", "use_pad_mask", "correct_cls_mask", "final_ln_after_pool")
    // Read only for a Hugging Face text model, refused above.
    fields.ignore("hf_model_pretrained", "hf_proj_type", "hf_pooler_type")
    try fields.finish()
    try validate(at: path)
  }

  /// Checks that the numbers fit together.
  package func validate(at path: String) throws {
    guard width % heads == 0 else {
      throw ConfigurationError("\(path).width", "\(width) is not a multiple of \(path).heads, \(heads)")
    }
    guard contextLength >= 3 else {
      throw ConfigurationError(
        "\(path).context_length", "found \(contextLength), expected at least 3: a start, a token and an end")
    }
    guard vocabularySize >= 3 else {
      throw ConfigurationError(
        "\(path).vocab_size", "found \(vocabularySize), expected at least 3: a token, a start and an end")
    }
    try ConfigurationReader.checkMLP(width: width, ratio: mlpRatio, at: path)
  }
}

extension TextConfiguration: Codable {
  /// Reads `text_cfg` alone; see ``ModelConfiguration``.
  public init(from decoder: any Decoder) throws {
    try self.init(JSONValue(from: decoder), at: "text_cfg")
  }

  private enum CodingKeys: String, CodingKey {
    case contextLength = "context_length"
    case vocabularySize = "vocab_size"
    case hfTokenizerName = "hf_tokenizer_name"
    case width
    case heads
    case layers
    case mlpRatio = "mlp_ratio"
  }

  /// Writes what differs from open_clip's defaults, and always the five numbers its own files state.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(contextLength, forKey: .contextLength)
    try container.encode(vocabularySize, forKey: .vocabularySize)
    try container.encodeIfPresent(hfTokenizerName, forKey: .hfTokenizerName)
    try container.encode(width, forKey: .width)
    try container.encode(heads, forKey: .heads)
    try container.encode(layers, forKey: .layers)
    if mlpRatio != 4 { try container.encode(mlpRatio, forKey: .mlpRatio) }
  }
}
