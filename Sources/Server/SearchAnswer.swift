/// What was found, the best first.
public struct SearchAnswer: Encodable, Sendable {
  /// A picture found.
  public struct Hit: Encodable, Sendable {
    /// Its number in the data: `/picture/<index>` is the picture.
    public let index: Int
    /// The name of its sample.
    public let key: String
    /// Its caption.
    public let caption: String
    /// The cosine of query and picture.
    public let score: Float
  }

  /// The pictures.
  public let results: [Hit]
  /// What it took.
  public let seconds: Double
}
