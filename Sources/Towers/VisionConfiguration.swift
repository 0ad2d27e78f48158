/// The shape of an image tower, a Vision Transformer or a ModifiedResNet: open_clip's `vision_cfg`.
public struct VisionConfiguration: Sendable, Equatable {
  /// Height of the picture, in pixels.
  public var imageHeight: Int
  /// Width of the picture, in pixels.
  public var imageWidth: Int
  /// Side of a square patch, in pixels. A ModifiedResNet ends with a pixel for each 32 × 32.
  public var patchSize: Int
  /// Number of residual blocks.
  public var layers: Int
  /// Of a ModifiedResNet the number of blocks of each stage; empty for a Vision Transformer.
  public private(set) var stages: [Int] = []
  /// Channels of a token; of a ModifiedResNet, those its stem ends with.
  public var width: Int
  /// Channels of one attention head.
  public var headWidth: Int
  /// Channels inside an MLP, as a multiple of ``width``.
  public var mlpRatio: Double

  /// A tower for square pictures; the defaults are open_clip's.
  public init(
    imageSize: Int = 224, patchSize: Int = 16, layers: Int = 12, width: Int = 768, headWidth: Int = 64,
    mlpRatio: Double = 4
  ) {
    imageHeight = imageSize
    imageWidth = imageSize
    self.patchSize = patchSize
    self.layers = layers
    self.width = width
    self.headWidth = headWidth
    self.mlpRatio = mlpRatio
  }

  /// A ModifiedResNet for square pictures.
  public init(imageSize: Int = 224, stages: [Int], width: Int = 64, headWidth: Int = 64) {
    self.init(
      imageSize: imageSize, patchSize: Self.resNetStride, layers: stages.reduce(0, +), width: width,
      headWidth: headWidth)
    self.stages = stages
  }

  /// Whether it is a ModifiedResNet.
  public var isResNet: Bool { !stages.isEmpty }
  /// Pixels of a side that a ModifiedResNet ends with one for.
  package static let resNetStride = 32
  /// Channels a ModifiedResNet's attention pool has for each of ``width``.
  private static let resNetGrowth = 32

  /// Attention heads of a block; of a ModifiedResNet, those of its attention pool.
  public var heads: Int { (isResNet ? Self.resNetGrowth * width : width) / headWidth }
  /// Rows of patches.
  public var gridHeight: Int { imageHeight / patchSize }
  /// Columns of patches.
  public var gridWidth: Int { imageWidth / patchSize }
  /// Tokens of a picture: its patches and the class token.
  public var tokens: Int { gridHeight * gridWidth + 1 }
  /// Channels inside an MLP; rounded down, as open_clip does.
  public var mlpWidth: Int { Int(Double(width) * mlpRatio) }
}

extension VisionConfiguration {
  /// Reads `vision_cfg`; refuses whatever would make another computation than this tower's.
  init(_ value: JSONValue, at path: String) throws {
    var fields = try ConfigurationReader(value, at: path)
    try fields.accept("timm_model_name")
    if let stages = try fields.counts("layers", count: 4) {
      try self.init(stages: stages, &fields, at: path)
      return
    }
    self.init()
    layers = try fields.count("layers", default: 12)
    width = try fields.count("width", default: 768)
    headWidth = try fields.count("head_width", default: 64)
    mlpRatio = try fields.positive("mlp_ratio", default: 4)
    (imageHeight, imageWidth) = try fields.pair("image_size", default: 224)
    let (patchHeight, patchWidth) = try fields.pair("patch_size", default: 16)
    guard patchHeight == patchWidth else {
      throw ConfigurationError(
        fields.field("patch_size"), "found [\(patchHeight), \(patchWidth)], expected a square patch")
    }
    patchSize = patchHeight

    try fields.accept("ls_init_value")
    try fields.accept("patch_dropout", only: .number(0))
    try fields.accept("attentional_pool", only: .boolean(false))
    try fields.accept("no_ln_pre", only: .boolean(false))
    try fields.accept("pos_embed_type", only: .string("learnable"))
    try fields.accept("pool_type", only: .string("tok"))
    try fields.acceptPlainBlocks()
    // LayerNorm works on each token alone: before or after the class token is picked, the result is the same.
    fields.ignore("final_ln_after_pool")
    // Read only together with an attentional pool or a timm model, both refused above.
    fields.ignore("attn_pooler_queries", "attn_pooler_heads")
    fields.ignore(
      "timm_model_pretrained", "timm_pool", "timm_proj", "timm_proj_bias", "timm_drop", "timm_drop_path")
    try fields.finish()

    try validate(at: path)
    // The number of heads is what open_clip takes from `head_width`; then they share the whole width.
    headWidth = width / heads
  }

  /// Reads the rest of a ModifiedResNet's `vision_cfg`.
  private init(stages: [Int], _ fields: inout ConfigurationReader, at path: String) throws {
    self.init(
      stages: stages, width: try fields.count("width", default: 64),
      headWidth: try fields.count("head_width", default: 64))
    (imageHeight, imageWidth) = try fields.pair("image_size", default: 224)
    // Those of a Vision Transformer, which open_clip's own files state as null.
    fields.ignore("patch_size", "mlp_ratio", "ls_init_value", "patch_dropout", "attentional_pool", "no_ln_pre")
    fields.ignore("timm_model_pretrained", "timm_pool", "timm_proj", "timm_proj_bias", "timm_drop", "timm_drop_path")
    try fields.finish()
    try validate(at: path)
  }

  /// Checks that the numbers fit together.
  package func validate(at path: String) throws {
    guard !isResNet else { return try validateResNet(at: path) }
    guard headWidth <= width, width % heads == 0 else {
      throw ConfigurationError(
        "\(path).width", "\(width) is not a multiple of its heads: head_width is \(headWidth)")
    }
    guard imageHeight % patchSize == 0, imageWidth % patchSize == 0 else {
      let size = imageHeight == imageWidth ? "\(imageHeight)" : "[\(imageHeight), \(imageWidth)]"
      throw ConfigurationError("\(path).image_size", "\(size) is not a multiple of \(path).patch_size, \(patchSize)")
    }
    try ConfigurationReader.checkMLP(width: width, ratio: mlpRatio, at: path)
  }
}

extension VisionConfiguration {
  private func validateResNet(at path: String) throws {
    guard width % 2 == 0, Self.resNetGrowth * width % headWidth == 0 else {
      throw ConfigurationError(
        "\(path).width",
        "\(width) must be even, and \(Self.resNetGrowth) times it a multiple of head_width, \(headWidth)")
    }
    guard imageHeight == imageWidth, imageHeight % Self.resNetStride == 0 else {
      throw ConfigurationError(
        "\(path).image_size",
        "[\(imageHeight), \(imageWidth)], expected a square of a multiple of \(Self.resNetStride) for a ModifiedResNet")
    }
  }
}

extension VisionConfiguration: Codable {
  /// Reads `vision_cfg` alone; see ``ModelConfiguration``.
  public init(from decoder: any Decoder) throws {
    try self.init(JSONValue(from: decoder), at: "vision_cfg")
  }

  private enum CodingKeys: String, CodingKey {
    case imageSize = "image_size"
    case layers
    case width
    case headWidth = "head_width"
    case patchSize = "patch_size"
    case mlpRatio = "mlp_ratio"
  }

  /// Writes what differs from open_clip's defaults, and always the five numbers its own files state.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    if imageHeight == imageWidth {
      try container.encode(imageHeight, forKey: .imageSize)
    } else {
      try container.encode([imageHeight, imageWidth], forKey: .imageSize)
    }
    if isResNet { try container.encode(stages, forKey: .layers) } else { try container.encode(layers, forKey: .layers) }
    try container.encode(width, forKey: .width)
    if headWidth != 64 { try container.encode(headWidth, forKey: .headWidth) }
    guard !isResNet else { return try container.encodeNil(forKey: .patchSize) }
    try container.encode(patchSize, forKey: .patchSize)
    if mlpRatio != 4 { try container.encode(mlpRatio, forKey: .mlpRatio) }
  }
}
