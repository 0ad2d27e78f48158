import Towers

/// `config.json` of a Transformers `CLIPModel`. Its keys are those below in snake case.
struct TransformersConfiguration: Encodable {
  struct Text: Encodable {
    var modelType = "clip_text_model"
    var hiddenSize: Int
    var intermediateSize: Int
    var numHiddenLayers: Int
    var numAttentionHeads: Int
    var projectionDim: Int
    var maxPositionEmbeddings: Int
    var vocabSize: Int
    var bosTokenId: Int
    var eosTokenId: Int
    var hiddenAct: String
    var layerNormEps = 1e-5
    var attentionDropout = 0.0
  }

  struct Vision: Encodable {
    var modelType = "clip_vision_model"
    var hiddenSize: Int
    var intermediateSize: Int
    var numHiddenLayers: Int
    var numAttentionHeads: Int
    var projectionDim: Int
    var imageSize: Int
    var patchSize: Int
    var numChannels = 3
    var hiddenAct: String
    var layerNormEps = 1e-5
    var attentionDropout = 0.0
  }

  var architectures = ["CLIPModel"]
  var modelType = "clip"
  var projectionDim: Int
  var logitScaleInitValue = 2.6592
  var torchDtype = "float32"
  var textConfig: Text
  var visionConfig: Vision

  /// The model as Transformers describes it; the picture must be square, which is all it knows.
  init(_ model: ModelConfiguration) throws {
    let (text, vision) = (model.text, model.vision)
    guard !vision.isResNet else {
      throw ConfigurationError(
        "model_cfg.vision_cfg.layers", "a ModifiedResNet cannot be written for Transformers, which has none")
    }
    guard vision.imageHeight == vision.imageWidth else {
      throw ConfigurationError(
        "vision_cfg.image_size",
        "[\(vision.imageHeight), \(vision.imageWidth)] cannot be written for Transformers: its pictures are square")
    }
    let activation = model.quickGELU ? "quick_gelu" : "gelu"
    projectionDim = model.embedDim
    textConfig = Text(
      hiddenSize: text.width, intermediateSize: text.mlpWidth, numHiddenLayers: text.layers,
      numAttentionHeads: text.heads, projectionDim: model.embedDim, maxPositionEmbeddings: text.contextLength,
      vocabSize: text.vocabularySize, bosTokenId: text.vocabularySize - 2, eosTokenId: text.vocabularySize - 1,
      hiddenAct: activation)
    visionConfig = Vision(
      hiddenSize: vision.width, intermediateSize: vision.mlpWidth, numHiddenLayers: vision.layers,
      numAttentionHeads: vision.heads, projectionDim: model.embedDim, imageSize: vision.imageHeight,
      patchSize: vision.patchSize, hiddenAct: activation)
  }
}

extension ModelConfiguration {
  /// Reads `config.json` of a Transformers `CLIPModel`; what is absent has that library's defaults.
  init(transformers value: JSONValue) throws {
    var fields = try ConfigurationReader(value, at: "")
    guard fields.value("model_type") == .string("clip") else {
      throw ConfigurationError(
        "model_type", "found \(fields.value("model_type") ?? .null), expected \"clip\"")
    }
    var text = try ConfigurationReader(fields.value("text_config") ?? .object([:]), at: "text_config")
    var vision = try ConfigurationReader(fields.value("vision_config") ?? .object([:]), at: "vision_config")
    try text.accept("layer_norm_eps", only: .number(1e-5))
    try vision.accept("layer_norm_eps", only: .number(1e-5))
    try vision.accept("num_channels", only: .number(3))
    let activation = try text.text("hidden_act") ?? "quick_gelu"
    guard ["quick_gelu", "gelu"].contains(activation) else {
      throw ConfigurationError(
        text.field("hidden_act"), "\"\(activation)\" is not supported, only \"quick_gelu\" or \"gelu\"")
    }
    guard try vision.text("hidden_act") ?? "quick_gelu" == activation else {
      throw ConfigurationError(
        vision.field("hidden_act"), "differs from text_config.hidden_act, \"\(activation)\": both must be the same")
    }

    let textWidth = try text.count("hidden_size", default: 512)
    let textConfiguration = TextConfiguration(
      contextLength: try text.count("max_position_embeddings", default: 77),
      vocabularySize: try text.count("vocab_size", default: 49408), width: textWidth,
      heads: try text.count("num_attention_heads", default: 8),
      layers: try text.count("num_hidden_layers", default: 12),
      mlpRatio: Self.ratio(of: try text.count("intermediate_size", default: 2048), to: textWidth))
    // 2 is what the first configurations said by mistake; the library then looks for the largest id, as we do.
    let last = Double(textConfiguration.vocabularySize - 1)
    try text.accept("eos_token_id", only: .number(last), .number(2))

    let width = try vision.count("hidden_size", default: 768)
    let heads = try vision.count("num_attention_heads", default: 12)
    guard width % heads == 0 else {
      throw ConfigurationError(
        vision.field("hidden_size"), "\(width) is not a multiple of vision_config.num_attention_heads, \(heads)")
    }
    let visionConfiguration = VisionConfiguration(
      imageSize: try vision.count("image_size", default: 224), patchSize: try vision.count("patch_size", default: 32),
      layers: try vision.count("num_hidden_layers", default: 12), width: width, headWidth: width / heads,
      mlpRatio: Self.ratio(of: try vision.count("intermediate_size", default: 3072), to: width))

    try textConfiguration.validate(at: "text_config")
    try visionConfiguration.validate(at: "vision_config")
    self.init(
      embedDim: try fields.count("projection_dim", default: 512), quickGELU: activation == "quick_gelu",
      vision: visionConfiguration, text: textConfiguration)
  }

  /// The ratio that, multiplied by `width` and rounded down, gives `mlpWidth` back.
  static func ratio(of mlpWidth: Int, to width: Int) -> Double {
    let ratio = Double(mlpWidth) / Double(width)
    return Int(ratio * Double(width)) == mlpWidth ? ratio : ratio.nextUp
  }
}
