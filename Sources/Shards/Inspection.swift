public import Files

/// What a dataset holds, in numbers and a few captions.
public struct Inspection: Codable, Equatable, Sendable {
  /// A caption and the key of its sample.
  public struct Caption: Codable, Equatable, Sendable {
    /// The sample's key.
    public let key: String
    /// Its caption.
    public let caption: String
  }

  /// Pictures with captions.
  public let samples: Int
  /// Files they are in.
  public let shards: Int
  /// Size of these files.
  public let bytes: Int
  /// Size of the tars in them.
  public let rawBytes: Int
  /// The identity of the dataset.
  public let digest: Digest
  /// Samples by the format of their picture.
  public let pictures: [String: Int]
  /// Samples left out when it was packed, by reason.
  public let dropped: [String: Int]
  /// Captions from all over the dataset.
  public let captions: [Caption]

  enum CodingKeys: String, CodingKey {
    case samples, shards, bytes, digest, pictures, dropped, captions
    case rawBytes = "raw_bytes"
  }

  /// Looks at a dataset.
  ///
  /// - Parameters:
  ///   - dataset: the dataset.
  ///   - captionCount: how many captions to show, at even distances.
  public init(of dataset: ShardDataset, captions captionCount: Int = 5) throws {
    let index = dataset.index
    samples = index.samples
    shards = index.shards.count
    bytes = index.shards.reduce(0) { $0 + $1.bytes }
    rawBytes = index.shards.reduce(0) { $0 + $1.rawBytes }
    digest = index.digest
    pictures = index.pictures
    dropped = index.dropped
    captions = try Self.places(captionCount, among: index.samples).map {
      let sample = try dataset.sample(at: $0)
      return Caption(key: sample.key, caption: sample.caption)
    }
  }

  /// The numbers of some samples at even distances, or of all where there are not so many.
  public static func places(_ count: Int, among samples: Int) -> [Int] {
    let shown = min(count, samples)
    return (0..<shown).map { $0 * samples / shown }
  }
}
