/// What packing made.
public struct Packing: Encodable, Equatable, Sendable {
  /// The index of the new dataset.
  public let index: ShardIndex
  /// The first few samples left out for each reason, by their names at their source.
  public let examples: [String: [String]]
  /// Shards that an earlier command had finished, which this one went on from.
  public let resumedShards: Int

  private enum CodingKeys: String, CodingKey {
    case examples = "dropped_examples"
    case resumedShards = "resumed_shards"
  }

  /// The index with two more keys.
  public func encode(to encoder: any Encoder) throws {
    try index.encode(to: encoder)
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(examples, forKey: .examples)
    try container.encode(resumedShards, forKey: .resumedShards)
  }
}
