public import Towers

/// A model in a recipe: one of the named ones, or a configuration of its own.
public enum ModelReference: Codable, Sendable, Equatable {
  /// A name such as `ViT-B-32`.
  case named(String)
  /// A configuration in open_clip's form.
  case custom(ModelConfiguration)

  /// Reads a text or an object.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let name = try? container.decode(String.self) {
      guard NamedModels.configuration(of: name) != nil else {
        let near = EditDistance.nearest(to: name, in: NamedModels.names) { $0 }
        throw DecodingError.dataCorruptedError(
          in: container,
          debugDescription: "unknown model \"\(name)\"; did you mean \"\(near)\"? "
            + "Known: \(NamedModels.names.joined(separator: ", ")), or an open_clip configuration as an object")
      }
      self = .named(name)
    } else {
      self = .custom(try ModelConfiguration(from: decoder))
    }
  }

  /// Writes a text or an object.
  public func encode(to encoder: any Encoder) throws {
    switch self {
    case .named(let name):
      var container = encoder.singleValueContainer()
      try container.encode(name)
    case .custom(let configuration):
      try configuration.encode(to: encoder)
    }
  }

  /// The model's shape.
  public var configuration: ModelConfiguration {
    get throws {
      switch self {
      case .custom(let configuration): return configuration
      case .named(let name):
        guard let configuration = NamedModels.configuration(of: name) else {
          throw RecipeError("model: unknown name \"\(name)\"; known: \(NamedModels.names.joined(separator: ", "))")
        }
        return configuration
      }
    }
  }
}
