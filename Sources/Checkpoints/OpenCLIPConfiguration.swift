import Towers

/// `open_clip_config.json`: the model and what is done to its pictures.
struct OpenCLIPConfiguration: Codable {
  var model: ModelConfiguration
  var preprocessing: Preprocessing?

  enum CodingKeys: String, CodingKey {
    case model = "model_cfg"
    case preprocessing = "preprocess_cfg"
  }
}
