import Towers

/// What is done to a picture before the image tower sees it: open_clip's `preprocess_cfg`.
///
/// The shorter side is resized to the tower's, bicubically; the middle is cut out; each channel, from 0 to 1, loses its
/// mean and is divided by its deviation. Only the numbers may differ between models, and which pixel is the middle; other
/// ways are refused by name.
public struct Preprocessing: Sendable, Equatable {
  /// The mean of red, green and blue.
  public var mean: [Double]
  /// The standard deviation of red, green and blue.
  public var std: [Double]
  /// What becomes of the half pixel when the long side leaves an odd margin over the middle: open_clip rounds it to even,
  /// Transformers down. No file says so; it belongs to the program a directory is for.
  public var marginRounding: FloatingPointRoundingRule

  /// A preprocessing by its numbers: three means and three deviations.
  public init(mean: [Double], std: [Double], marginRounding: FloatingPointRoundingRule = .toNearestOrEven) {
    self.mean = mean
    self.std = std
    self.marginRounding = marginRounding
  }

  /// Whether the means and deviations are those of another.
  public func normalizes(as other: Preprocessing) -> Bool { mean == other.mean && std == other.std }

  /// The preprocessing of OpenAI's models, and of most others.
  public static let clip = Preprocessing(
    mean: [0.48145466, 0.4578275, 0.40821073], std: [0.26862954, 0.26130258, 0.27577711])
}

extension Preprocessing: Codable {
  /// Reads `preprocess_cfg`. What is absent is as in ``clip``; keys open_clip does not read are ignored.
  public init(from decoder: any Decoder) throws {
    let path = decoder.codingPath.map(\.stringValue).joined(separator: ".")
    var fields = try ConfigurationReader(JSONValue(from: decoder), at: path)
    mean = try Self.channels("mean", of: &fields) ?? Self.clip.mean
    std = try Self.channels("std", of: &fields, positive: true) ?? Self.clip.std
    marginRounding = .toNearestOrEven
    try fields.accept("mode", only: .string("RGB"))
    try fields.accept("interpolation", only: .string("bicubic"))
    try fields.accept("resize_mode", only: .string("shortest"))
  }

  /// Reads `preprocessor_config.json` of Transformers, for a tower that sees pictures of `imageSize` pixels. What is
  /// absent is as in ``clip``, but for the margin, which Transformers always rounds down.
  init(transformers value: JSONValue, imageSize: Int) throws {
    var fields = try ConfigurationReader(value, at: "")
    mean = try Self.channels("image_mean", of: &fields) ?? Self.clip.mean
    std = try Self.channels("image_std", of: &fields, positive: true) ?? Self.clip.std
    marginRounding = .down
    for step in ["do_resize", "do_center_crop", "do_rescale", "do_normalize"] {
      try fields.accept(step, only: .boolean(true))
    }
    // Pillow's number for bicubic.
    try fields.accept("resample", only: .number(3))
    try fields.accept("rescale_factor", only: .number(1.0 / 255), .number(0.00392156862745098))
    let side = JSONValue.number(Double(imageSize))
    try fields.accept("size", only: .object(["shortest_edge": side]), side)
    try fields.accept("crop_size", only: .object(["height": side, "width": side]), side)
  }

  /// Three numbers, or one for all three channels.
  private static func channels(
    _ key: String, of fields: inout ConfigurationReader, positive: Bool = false
  ) throws -> [Double]? {
    guard let value = fields.value(key) else { return nil }
    let values = if case .array(let values) = value { values } else { [value, value, value] }
    let numbers = values.compactMap { if case .number(let number) = $0 { number } else { nil } }
    guard values.count == 3, numbers.count == 3, !positive || numbers.allSatisfy({ $0 > 0 }) else {
      throw ConfigurationError(
        fields.field(key), "found \(value), expected three \(positive ? "positive " : "")numbers")
    }
    return numbers
  }

  private enum CodingKeys: String, CodingKey {
    case mean, std, interpolation
    case resizeMode = "resize_mode"
  }

  /// Writes `preprocess_cfg` as open_clip does.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(mean, forKey: .mean)
    try container.encode(std, forKey: .std)
    try container.encode("bicubic", forKey: .interpolation)
    try container.encode("shortest", forKey: .resizeMode)
  }
}
