/// What turns 8-bit samples into a model's input, channel by channel: `(sample / 255 − mean) / deviation`.
public struct Normalization: Hashable, Sendable, Codable {
  /// The means of red, green and blue, of samples in 0…1.
  public let mean: SIMD3<Float>
  /// Their standard deviations.
  public let deviation: SIMD3<Float>

  /// A normalization by given means and deviations of red, green and blue.
  public init(mean: SIMD3<Float>, deviation: SIMD3<Float>) {
    self.mean = mean
    self.deviation = deviation
  }

  /// CLIP's: the statistics of OpenAI's training pictures, in `clip.py` of openai/CLIP.
  public static let clip = Normalization(
    mean: [0.48145466, 0.4578275, 0.40821073], deviation: [0.26862954, 0.26130258, 0.27577711])

  // The names of open_clip's preprocessing configuration.
  private enum CodingKeys: String, CodingKey {
    case mean
    case deviation = "std"
  }
}
