/// The names open_clip gives to tensors are the names of this program; only some layouts seen in files differ.
public enum OpenCLIPNames {
  /// Brings the layouts in which open_clip and OpenAI store weights to one.
  ///
  /// A data-parallel run puts `module.` before every name, `CustomTextCLIP` puts `text.` before those of the text
  /// tower, OpenAI's archives hold three numbers and TorchScript's the causal mask, which are no weights, and the logit
  /// scale may be a list of one number.
  public static func normalized(_ tensors: [WeightTensor]) -> [WeightTensor] {
    let isParallel = !tensors.isEmpty && tensors.allSatisfy { $0.name.hasPrefix(parallelPrefix) }
    return tensors.compactMap { tensor in
      var name = tensor.name
      if isParallel { name.removeFirst(parallelPrefix.count) }
      if name.hasPrefix(textPrefix) { name.removeFirst(textPrefix.count) }
      if openAIs.contains(name) || name == mask || name.hasSuffix(".\(mask)") { return nil }
      let isLogitScale = name == "logit_scale" && tensor.shape == [1]
      return isLogitScale ? tensor.renamed(name).reshaped([]) : tensor.renamed(name)
    }
  }

  /// The same tensor as open_clip stores it: batch norm counts its batches in whole numbers.
  static func exported(_ tensor: WeightTensor) -> TensorSource {
    guard countsBatches(tensor.name) else { return TensorSource(tensor) }
    return TensorSource(tensor.name, shape: tensor.shape, type: .int64) { body in
      try tensor.values().map { Int64($0) }.withUnsafeBytes { try body($0) }
    }
  }

  /// Whether it is batch norm's count of the batches it has seen, which decides nothing; PyTorch lets it be missing.
  static func countsBatches(_ name: String) -> Bool { name.hasSuffix(".num_batches_tracked") }

  private static let parallelPrefix = "module."
  private static let textPrefix = "text."
  private static let mask = "attn_mask"
  private static let openAIs: Set<String> = ["input_resolution", "context_length", "vocab_size"]

  /// Whether tensors are from an archive of OpenAI's, which alone hold three numbers about the model.
  static func areOpenAIs(_ names: [String]) -> Bool { openAIs.isSubset(of: names) }
}
