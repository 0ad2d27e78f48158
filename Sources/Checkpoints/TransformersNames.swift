/// The names and shapes Transformers' `CLIPModel` gives to the same weights, both ways.
///
/// It keeps query, key and value apart where open_clip has one matrix for the three, and its two projections are
/// transposed; all else differs by name alone.
public enum TransformersNames {
  /// Whether these tensors are named as in a `CLIPModel`.
  public static func areUsed(by tensors: [WeightTensor]) -> Bool {
    tensors.contains { $0.name.hasPrefix("vision_model.") || $0.name.hasPrefix("text_model.") }
  }

  /// From our names and shapes to those of Transformers.
  public static func exported(_ tensors: [WeightTensor]) throws -> [WeightTensor] {
    try tensors.flatMap { tensor -> [WeightTensor] in
      if let theirs = transposed[tensor.name] {
        guard tensor.shape.count == 2 else {
          throw WeightsError(tensor.name, "has shape \(tensor.shape), expected a matrix")
        }
        return [tensor.transposed(named: theirs)]
      }
      if let theirs = towers[tensor.name] { return [tensor.renamed(theirs)] }
      guard let (prefix, rest) = split(tensor.name, at: blockPrefixes) else {
        throw WeightsError(tensor.name, "has no place in a Transformers CLIPModel")
      }
      if let theirs = block[rest] { return [tensor.renamed(prefix + theirs)] }
      guard let parameter = joined[rest], let rows = tensor.shape.first, rows % 3 == 0 else {
        throw WeightsError(tensor.name, "with shape \(tensor.shape) has no place in a Transformers CLIPModel")
      }
      return tensor.split(into: projections.map { "\(prefix)self_attn.\($0).\(parameter)" })
    }
  }

  /// From the names and shapes of Transformers to ours.
  ///
  /// The position ids that old files hold are left out. A tensor without a counterpart keeps its name, so that a
  /// comparison with what the model expects names it.
  public static func imported(_ tensors: [WeightTensor]) throws -> [WeightTensor] {
    let byName = Dictionary(tensors.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    return try tensors.compactMap { tensor -> WeightTensor? in
      if tensor.name.hasSuffix(".embeddings.position_ids") { return nil }
      if let ours = transposedBack[tensor.name], tensor.shape.count == 2 { return tensor.transposed(named: ours) }
      if let ours = towersBack[tensor.name] {
        return ours == "logit_scale" && tensor.shape == [1] ? tensor.reshaped([]) : tensor.renamed(ours)
      }
      guard let (prefix, rest) = split(tensor.name, at: blockPrefixesBack) else { return tensor }
      if let ours = blockBack[rest] { return tensor.renamed(prefix + ours) }
      let parts = rest.split(separator: ".").map(String.init)
      guard parts.count == 3, parts[0] == "self_attn", projections.contains(parts[1]),
        let ours = joinedBack[parts[2]]
      else { return tensor }
      // The query's tensor brings the other two along.
      guard parts[1] == projections[0] else { return nil }
      let begin = tensor.name.dropLast(parts[1].count + parts[2].count + 1)
      return .joined(
        try projections.map { projection in
          let name = "\(begin)\(projection).\(parts[2])"
          guard let part = byName[name] else { throw WeightsError(name, "is missing") }
          guard part.shape == tensor.shape, !part.shape.isEmpty else {
            throw WeightsError(name, "has shape \(part.shape), expected \(tensor.shape) as \(tensor.name) has")
          }
          return part
        }, named: prefix + ours)
    }
  }

  // MARK: The table

  private static let projections = ["q_proj", "k_proj", "v_proj"]

  private static let transposed = [
    "text_projection": "text_projection.weight",
    "visual.proj": "visual_projection.weight",
  ]

  private static let towers: [String: String] = {
    var names = [
      "logit_scale": "logit_scale",
      "token_embedding.weight": "text_model.embeddings.token_embedding.weight",
      "positional_embedding": "text_model.embeddings.position_embedding.weight",
      "visual.class_embedding": "vision_model.embeddings.class_embedding",
      "visual.positional_embedding": "vision_model.embeddings.position_embedding.weight",
      "visual.conv1.weight": "vision_model.embeddings.patch_embedding.weight",
    ]
    for parameter in ["weight", "bias"] {
      names["ln_final.\(parameter)"] = "text_model.final_layer_norm.\(parameter)"
      // Transformers spells it so.
      names["visual.ln_pre.\(parameter)"] = "vision_model.pre_layrnorm.\(parameter)"
      names["visual.ln_post.\(parameter)"] = "vision_model.post_layernorm.\(parameter)"
    }
    return names
  }()

  private static let blockPrefixes = [
    "visual.transformer.resblocks.": "vision_model.encoder.layers.",
    "transformer.resblocks.": "text_model.encoder.layers.",
  ]

  private static let block: [String: String] = {
    let layers = [
      "ln_1": "layer_norm1", "ln_2": "layer_norm2", "mlp.c_fc": "mlp.fc1", "mlp.c_proj": "mlp.fc2",
      "attn.out_proj": "self_attn.out_proj",
    ]
    var names: [String: String] = [:]
    for (ours, theirs) in layers {
      for parameter in ["weight", "bias"] { names["\(ours).\(parameter)"] = "\(theirs).\(parameter)" }
    }
    return names
  }()

  private static let joined = ["attn.in_proj_weight": "weight", "attn.in_proj_bias": "bias"]

  private static let transposedBack = inverted(transposed)
  private static let towersBack = inverted(towers)
  private static let blockPrefixesBack = inverted(blockPrefixes)
  private static let blockBack = inverted(block)
  private static let joinedBack = inverted(joined)

  private static func inverted(_ names: [String: String]) -> [String: String] {
    Dictionary(uniqueKeysWithValues: names.map { ($0.value, $0.key) })
  }

  /// Splits `<prefix><layer>.<rest>`: the other side's prefix with the layer's number and a dot, and the rest.
  private static func split(_ name: String, at prefixes: [String: String]) -> (prefix: String, rest: String)? {
    for (prefix, other) in prefixes where name.hasPrefix(prefix) {
      let parts = name.dropFirst(prefix.count).split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2, Int(parts[0]) != nil else { return nil }
      return ("\(other)\(parts[0]).", String(parts[1]))
    }
    return nil
  }
}
