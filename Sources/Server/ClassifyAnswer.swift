/// How well class names fit a picture, the best first.
public struct ClassifyAnswer: Encodable, Sendable {
  /// A class.
  public struct Class: Encodable, Sendable {
    /// Its name, as it was given.
    public let name: String
    /// Its share of the softmax over all names, at the model's own temperature.
    public let probability: Float
    /// The cosine of picture and prompt.
    public let score: Float
  }

  /// The classes.
  public let classes: [Class]
  /// What it took.
  public let seconds: Double
}
