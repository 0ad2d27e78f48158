import Files

/// Templates that classes are described with; the embedding of a class is the mean over all of them.
public struct PromptTemplates: Equatable, Sendable {
  /// What they are called: the name of a built-in set, or the file they are from.
  public let name: String
  /// At least one.
  public let templates: [PromptTemplate]

  /// The sets that are built in, by their names.
  public static let builtIn: [PromptTemplates] = [
    PromptTemplates(name: "bare", texts: ["{}"]),
    PromptTemplates(name: "photo", texts: ["a photo of a {}."]),
    PromptTemplates(name: "imagenet7", texts: imageNetBest),
    PromptTemplates(name: "imagenet", texts: imageNet),
  ]

  /// The built-in set of a name, or those of a file: a template a line, blank lines apart.
  ///
  /// - Throws: `FileError` naming the line that has no `{}`, or what `name` might have meant.
  public init(_ name: String) throws {
    if let known = Self.builtIn.first(where: { $0.name == name }) {
      self = known
      return
    }
    guard Directory.exists(name) else {
      throw FileError(
        name,
        "is not there: expected a file with a template on every line, or one of "
          + Self.builtIn.map(\.name).joined(separator: ", "))
    }
    let lines = try TextLines(name).lines.enumerated().map { (number: $0 + 1, text: $1.trimmed) }
    let templates = try lines.filter { !$0.text.isEmpty }.map { line in
      guard let template = PromptTemplate(line.text) else {
        throw FileError(
          name,
          "line \(line.number): \"\(line.text)\" has no {}: expected it where the name of the class goes, as in "
            + "\"a photo of a {}.\"")
      }
      return template
    }
    guard !templates.isEmpty else {
      throw FileError(name, "holds no template: expected one a line, as in \"a photo of a {}.\"")
    }
    self.init(name: name, templates: templates)
  }

  /// Templates from elsewhere, of which there must be at least one.
  init(name: String, templates: [PromptTemplate]) {
    self.name = name
    self.templates = templates
  }

  private init(name: String, texts: [String]) {
    self.init(name: name, templates: texts.compactMap { PromptTemplate($0) })
  }

  /// The 80 that CLIP's authors describe ImageNet's classes with
  /// (https://github.com/openai/CLIP, notebooks/Prompt_Engineering_for_ImageNet.ipynb).
  private static let imageNet: [String] = {
    let photos = [
      "bad", "low resolution", "cropped", "bright", "dark", "close-up", "black and white", "pixelated",
      "jpeg corrupted", "blurry", "good",
    ]
    let looks = ["hard to see", "clean", "dirty", "cool", "large", "nice", "weird", "small"]
    let works = ["sculpture", "rendering", "tattoo", "drawing", "painting", "doodle", "sketch", "rendition"]
    let arts = ["graffiti", "art", "itap"]
    let things = ["embroidered", "plastic", "origami", "toy", "cartoon", "plushie"]
    var all = ["a photo of many {}.", "a photo of my {}.", "a photo of one {}.", "itap of my {}."]
    for article in ["a", "the"] {
      all += ["a photo of \(article) {}.", "\(article) {} in a video game."]
      all += photos.map { "a \($0) photo of \(article) {}." }
      all += looks.map { "a photo of \(article) \($0) {}." }
      all += works.map { "a \($0) of \(article) {}." }
      all += arts.map { "\($0) of \(article) {}." }
      all += things.map { "\(article) \($0) {}." }
    }
    return all
  }()

  /// The seven of them that do best together, a little better than all, in the order they were found in.
  private static let imageNetBest = [
    "itap of a {}.", "a bad photo of the {}.", "a origami {}.", "a photo of the large {}.", "a {} in a video game.",
    "art of the {}.", "a photo of the small {}.",
  ]
}
