/// The models of the CLIP paper under open_clip's names.
public enum NamedModels {
  /// Every known name.
  public static let names = shapes.map(\.name) + shapes.map { $0.name + quickSuffix }

  /// The model of a name: `ViT-B-32`, or with OpenAI's activation `ViT-B-32-quickgelu`.
  ///
  /// OpenAI's own spelling with a slash, `ViT-B/32`, means the same model, as it does to open_clip.
  public static func configuration(of name: String) -> ModelConfiguration? {
    let name = String(name.map { $0 == "/" ? "-" : $0 })
    let quickGELU = name.hasSuffix(quickSuffix)
    let base = quickGELU ? String(name.dropLast(quickSuffix.count)) : name
    guard var model = shapes.first(where: { $0.name == base })?.model else { return nil }
    model.quickGELU = quickGELU
    return model
  }

  /// What names end with whose activation is OpenAI's.
  package static let quickSuffix = "-quickgelu"

  /// Tables 19 and 20 of the paper (arXiv 2103.00020).
  private static let shapes: [(name: String, model: ModelConfiguration)] = [
    ("RN50", resNet([3, 4, 6, 3], embedDim: 1024)),
    ("RN101", resNet([3, 4, 23, 3], embedDim: 512)),
    ("RN50x4", resNet([4, 6, 10, 6], imageSize: 288, width: 80, embedDim: 640)),
    ("RN50x16", resNet([6, 8, 18, 8], imageSize: 384, width: 96, embedDim: 768)),
    ("RN50x64", resNet([3, 15, 36, 10], imageSize: 448, width: 128, embedDim: 1024)),
    ("ViT-B-32", base(patchSize: 32)),
    ("ViT-B-16", base(patchSize: 16)),
    ("ViT-L-14", large(imageSize: 224)),
    ("ViT-L-14-336", large(imageSize: 336)),
  ]

  private static func resNet(_ stages: [Int], imageSize: Int = 224, width: Int = 64, embedDim: Int)
    -> ModelConfiguration
  {
    // The text tower's width grows with the image tower's, its depth does not (paper, section 2.4).
    let textWidth = max(512, 8 * width)
    return ModelConfiguration(
      embedDim: embedDim, vision: VisionConfiguration(imageSize: imageSize, stages: stages, width: width),
      text: TextConfiguration(width: textWidth, heads: textWidth / 64, layers: 12))
  }

  private static func base(patchSize: Int) -> ModelConfiguration {
    ModelConfiguration(
      embedDim: 512,
      vision: VisionConfiguration(imageSize: 224, patchSize: patchSize, layers: 12, width: 768),
      text: TextConfiguration(width: 512, heads: 8, layers: 12))
  }

  private static func large(imageSize: Int) -> ModelConfiguration {
    ModelConfiguration(
      embedDim: 768,
      vision: VisionConfiguration(imageSize: imageSize, patchSize: 14, layers: 24, width: 1024),
      text: TextConfiguration(width: 768, heads: 12, layers: 12))
  }
}
