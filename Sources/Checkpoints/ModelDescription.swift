import Files
import Towers

/// How weights are to be used: what lies beside them says, or else their shapes.
struct ModelDescription {
  let configuration: ModelConfiguration
  /// `clip`, or the path of a file or directory; nil where none is known.
  let vocabulary: String?
  let preprocessing: Preprocessing
  /// What was taken for granted, to show.
  let assumption: String?

  /// Tokens of CLIP's own vocabulary.
  private static let clipTokens = 49408

  /// The part of a run's recipe that describes the model.
  private struct Recipe: Decodable {
    let model: JSONValue
    let vocabulary: String?
  }

  private struct InlineModel: Decodable {
    let model: ModelConfiguration
  }

  /// Looks beside `file` for `open_clip_config.json`, `config.json` or `recipe.json`, in this order; a checkpoint's
  /// recipe may also lie one directory above, with its run. Nil where there is none of them, which a checkpoint must
  /// have.
  init?(beside file: String) throws {
    let directory = Self.parent(of: file)
    let openCLIP = "\(directory)/open_clip_config.json"
    let transformers = "\(directory)/config.json"
    if Directory.exists(openCLIP) {
      let found = try JSONFile.read(OpenCLIPConfiguration.self, from: openCLIP)
      configuration = found.model
      preprocessing = found.preprocessing ?? .clip
      vocabulary = Self.tokenizer(in: directory) ?? (found.model.text.hfTokenizerName == nil ? "clip" : nil)
    } else if Directory.exists(transformers) {
      (configuration, preprocessing) = try Self.transformers(transformers, in: directory)
      vocabulary = Self.tokenizer(in: directory)
    } else {
      let places = Checkpoint(directory).step == nil ? [directory] : [directory, Self.parent(of: directory)]
      guard let place = places.first(where: { Directory.exists("\($0)/recipe.json") }) else {
        // Every run has its recipe, which says more than shapes could.
        guard places.count == 1 else {
          throw FileError(file, "has no configuration beside it; expected recipe.json in its checkpoint or its run")
        }
        return nil
      }
      let recipe = try JSONFile.read(Recipe.self, from: "\(place)/recipe.json")
      configuration = try Self.model(recipe.model, of: "\(place)/recipe.json")
      preprocessing = .clip
      // A run with a vocabulary of its own holds a copy of it.
      vocabulary = places.first { Directory.exists("\($0)/merges.txt") } ?? recipe.vocabulary ?? "clip"
    }
    assumption = nil
  }

  /// What the shapes of tensors tell, for a file with none of these beside it.
  ///
  /// Of the activation they tell nothing. Where the file does not either, it is what the library takes that has these
  /// names, and the ``assumption`` says so.
  ///
  /// - Parameters:
  ///   - file: the file of weights.
  ///   - tensors: what it holds, under our names.
  ///   - usesQuickGELU: whether the model uses QuickGELU, where the file tells.
  ///   - isOfTransformers: whether the file has the names of Transformers.
  init(
    of file: String, by tensors: [WeightTensor], usesQuickGELU: Bool?, isOfTransformers: Bool
  ) throws {
    let quickGELU = usesQuickGELU ?? isOfTransformers
    let model: ModelConfiguration
    do {
      model = try ModelConfiguration(shapesOf: tensors, quickGELU: quickGELU)
    } catch {
      guard error is WeightsError || error is ConfigurationError else { throw error }
      throw FileError(
        file,
        "has no configuration beside it, and its tensors do not tell the model: \(error); expected "
          + "open_clip_config.json, config.json or recipe.json")
    }
    configuration = model
    preprocessing = Preprocessing(
      mean: Preprocessing.clip.mean, std: Preprocessing.clip.std,
      marginRounding: isOfTransformers ? .down : Preprocessing.clip.marginRounding)
    vocabulary =
      Self.tokenizer(in: Self.parent(of: file)) ?? (model.text.vocabularySize == Self.clipTokens ? "clip" : nil)
    var granted = usesQuickGELU == nil ? [quickGELU ? "QuickGELU" : "exact GELU"] : []
    // All of CLIP's own models have heads of 64 channels.
    if !NamedModels.names.contains(where: { NamedModels.configuration(of: $0) == model }) {
      granted.append("heads of 64 channels")
    }
    assumption =
      granted.isEmpty
      ? nil
      : "\(file): has no configuration beside it and does not tell all; taken for a model with "
        + "\(granted.joined(separator: " and ")); an open_clip_config.json beside it can say otherwise"
  }

  private static func transformers(
    _ path: String, in directory: String
  ) throws -> (ModelConfiguration, Preprocessing) {
    let configuration: ModelConfiguration
    do {
      configuration = try ModelConfiguration(transformers: JSONFile.read(JSONValue.self, from: path))
    } catch let error as ConfigurationError {
      throw FileError(path, error.description)
    }
    let pictures = "\(directory)/preprocessor_config.json"
    let settings = Directory.exists(pictures) ? try JSONFile.read(JSONValue.self, from: pictures) : .object([:])
    do {
      return (
        configuration, try Preprocessing(transformers: settings, imageSize: configuration.vision.imageHeight)
      )
    } catch let error as ConfigurationError {
      throw FileError(pictures, error.description)
    }
  }

  /// A recipe has its model by name or spelled out.
  private static func model(_ value: JSONValue, of path: String) throws -> ModelConfiguration {
    guard case .string(let name) = value else { return try JSONFile.read(InlineModel.self, from: path).model }
    guard let model = NamedModels.configuration(of: name) else {
      throw FileError(
        path, "model: \"\(name)\" is not known; known are \(NamedModels.names.joined(separator: ", "))")
    }
    return model
  }

  /// The directory itself, when it holds a vocabulary.
  private static func tokenizer(in directory: String) -> String? {
    Directory.exists("\(directory)/vocab.json") && Directory.exists("\(directory)/merges.txt") ? directory : nil
  }

  private static func parent(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }
}
