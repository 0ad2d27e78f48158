public import Collectives
import Files
public import Shards
import Tensors

/// Retrieval on a dataset, each rank embedding its share and ranking it.
public struct RetrievalMeasurement: Encodable, Sendable {
  /// What was found.
  public let found: Retrieval
  /// Samples that were left out.
  public let undecodable: LeftOut

  private enum CodingKeys: String, CodingKey {
    case undecodable
  }

  /// What was found, with the number of samples left out.
  public func encode(to encoder: any Swift.Encoder) throws {
    try found.encode(to: encoder)
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(undecodable.count, forKey: .undecodable)
  }

  /// Measures; all ranks return the same, whatever their number.
  ///
  /// A picture with several captions (the `captions` of its JSON) has to be found by each, and to find any.
  ///
  /// - Parameters:
  ///   - samples: the dataset.
  ///   - template: what every caption is put into in the place of `{}`.
  ///   - progress: told how many of this rank's pictures are done.
  /// - Throws: `FileError` where no picture can be decoded.
  public init(
    _ samples: ShardCollection, by encoder: Encoder, template: PromptTemplate? = nil, in world: any Communicator,
    progress: (Int) -> Void = { _ in }
  ) throws {
    let share = BatchShare(of: samples.count, batch: Encoder.batch, in: world)
    let pictures = try encoder.pictures(share, progress: progress) {
      let sample = try samples.sample(at: $0)
      return Encoder.EncodedPicture(name: "sample \(sample.key)", bytes: sample.picture, note: sample.captions)
    }
    let flaws = pictures.flaws.sorted { $0.key < $1.key }
    undecodable = try LeftOut(flaws.map { "\(pictures.names[$0.key]): \($0.value)" }, in: world)
    guard undecodable.count < samples.count else {
      throw FileError(
        samples.datasets[0].directory,
        "has no picture that can be decoded: expected at least one of \(samples.count)")
    }

    let kept = pictures.notes.indices.filter { pictures.flaws[$0] == nil }
    let captions = kept.map { picture in
      pictures.notes[picture].map { caption in template.map { $0.filled(with: caption) } ?? caption }
    }
    // Captions of pictures that went through together do so too.
    var groups = [[String]](repeating: [], count: Encoder.batches(of: pictures.notes.count).count)
    for (picture, own) in zip(kept, captions) { groups[picture / Encoder.batch] += own }
    let texts = try encoder.texts(groups) { try world.largest($0) }
    found = try Retrieval(
      images: pictures.features(of: kept), texts: texts, captionCounts: captions.map(\.count), in: world)
  }
}
