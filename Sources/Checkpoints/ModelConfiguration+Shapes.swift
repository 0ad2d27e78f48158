import Towers

extension ModelConfiguration {
  /// Tells a model by the shapes of its weights, under our names.
  ///
  /// The shapes say everything but two things: how the width of a tower is shared among heads, which is taken to be 64
  /// channels each as in all of CLIP's models, and the activation, which the caller has to know.
  ///
  /// - Throws: a ``WeightsError`` where a tensor is missing or its shape fits no model, a `ConfigurationError` where the
  ///   shapes do not fit together.
  init(shapesOf tensors: [WeightTensor], quickGELU: Bool) throws {
    let shapes = Dictionary(tensors.map { ($0.name, $0.shape) }, uniquingKeysWith: { first, _ in first })
    func shape(_ name: String, _ expected: String, _ rank: Int) throws -> [Int] {
      guard let found = shapes[name] else { throw WeightsError(name, "is missing") }
      guard found.count == rank, found.allSatisfy({ $0 > 0 }) else {
        throw WeightsError(name, "has shape \(found), expected \(expected)")
      }
      return found
    }
    func layers(_ prefix: String) -> Int {
      var count = 0
      while shapes["\(prefix).resblocks.\(count).attn.in_proj_weight"] != nil { count += 1 }
      return count
    }
    func mlpRatio(_ prefix: String, width: Int) throws -> Double {
      let name = "\(prefix).resblocks.0.mlp.c_fc.weight"
      return Self.ratio(of: try shape(name, "[MLP width, width]", 2)[0], to: width)
    }
    func heads(_ width: Int, of tower: String) throws -> Int {
      guard width.isMultiple(of: Self.usualHeadWidth) else {
        throw ConfigurationError(
          tower, "its width, \(width), is not a multiple of \(Self.usualHeadWidth), so that its heads are not known")
      }
      return width / Self.usualHeadWidth
    }

    func transformer() throws -> (VisionConfiguration, embedDim: Int) {
      let projection = try shape("visual.proj", "[width, embedding]", 2)
      _ = try shape("visual.class_embedding", "[width]", 1)
      let patch = try shape("visual.conv1.weight", "[width, 3, patch, patch]", 4)
      let positions = try shape("visual.positional_embedding", "[grid · grid + 1, width]", 2)
      let grid = Int(Double(positions[0] - 1).squareRoot())
      guard grid > 0, grid * grid == positions[0] - 1, patch[2] == patch[3] else {
        throw WeightsError(
          "visual.positional_embedding",
          "has shape \(positions) beside patches of \(patch[2]) × \(patch[3]), expected those of a square picture")
      }
      let width = patch[0]
      _ = try heads(width, of: "the image tower")
      let vision = VisionConfiguration(
        imageSize: grid * patch[2], patchSize: patch[2], layers: layers("visual.transformer"), width: width,
        headWidth: Self.usualHeadWidth, mlpRatio: try mlpRatio("visual.transformer", width: width))
      try vision.validate(at: "vision_cfg")
      return (vision, projection[1])
    }

    let isResNet = shapes["visual.layer1.0.conv1.weight"] != nil
    let (vision, embedDim) = try isResNet ? Self.resNet(shapes, shape) : transformer()

    let textPositions = try shape("positional_embedding", "[context, width]", 2)
    let vocabulary = try shape("token_embedding.weight", "[vocabulary, width]", 2)
    let textWidth = textPositions[1]
    let text = TextConfiguration(
      contextLength: textPositions[0], vocabularySize: vocabulary[0], width: textWidth,
      heads: try heads(textWidth, of: "the text tower"), layers: layers("transformer"),
      mlpRatio: try mlpRatio("transformer", width: textWidth))
    try text.validate(at: "text_cfg")
    self.init(embedDim: embedDim, quickGELU: quickGELU, vision: vision, text: text)
  }

  /// The shape of a ModifiedResNet and of what it ends in.
  private static func resNet(
    _ shapes: [String: [Int]], _ shape: (String, String, Int) throws -> [Int]
  ) throws -> (VisionConfiguration, embedDim: Int) {
    let width = try shape("visual.layer1.0.conv1.weight", "[width, width, 1, 1]", 4)[0]
    let stages = (1...4).map { stage in
      var count = 0
      while shapes["visual.layer\(stage).\(count).conv1.weight"] != nil { count += 1 }
      return count
    }
    let positions = try shape("visual.attnpool.positional_embedding", "[pixels + 1, channels]", 2)
    let side = Int(Double(positions[0] - 1).squareRoot())
    guard side > 0, side * side == positions[0] - 1, stages.allSatisfy({ $0 > 0 }) else {
      throw WeightsError(
        "visual.attnpool.positional_embedding",
        "has shape \(positions) behind stages of \(stages) blocks, expected those of a square picture")
    }
    let vision = VisionConfiguration(
      imageSize: side * VisionConfiguration.resNetStride, stages: stages, width: width, headWidth: usualHeadWidth)
    try vision.validate(at: "vision_cfg")
    return (vision, try shape("visual.attnpool.c_proj.weight", "[embedding, channels]", 2)[0])
  }

  private static let usualHeadWidth = 64
}
