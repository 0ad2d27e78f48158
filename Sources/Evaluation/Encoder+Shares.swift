import Captions
import Images
import Shards
import Tensors
import Towers
import Training

extension Encoder {
  /// A picture to embed, with what is known of it.
  public struct EncodedPicture<Note: Sendable>: Sendable {
    /// What to call it.
    public let name: String
    /// The picture, encoded.
    public let bytes: [UInt8]
    /// What is known of it.
    public let note: Note

    /// - Parameters:
    ///   - name: what to call it.
    ///   - bytes: the picture, encoded.
    ///   - note: what is known of it.
    public init(name: String, bytes: [UInt8], note: Note) {
      self.name = name
      self.bytes = bytes
      self.note = note
    }
  }

  /// What became of pictures.
  struct EmbeddedPictures<Note: Sendable> {
    /// (pictures, as many numbers as the features have): rows of zeros for pictures that cannot be decoded.
    let features: Tensor
    let names: [String]
    let notes: [Note]
    /// Why a picture cannot be decoded, by its row.
    let flaws: [Int: String]

    /// The features of some of them.
    func features(of kept: [Int]) -> Tensor {
      guard kept.count < features.rows else { return features }
      let some = Tensor(rows: kept.count, columns: features.columns)
      for (row, picture) in kept.enumerated() {
        some.rows(row..<row + 1).set(features.rows(picture..<picture + 1).values)
      }
      return some
    }
  }

  /// Embeds a share of pictures, or computes other features of them; those that cannot be decoded are told of, not thrown.
  ///
  /// - Parameters:
  ///   - kind: which features.
  ///   - share: which ones, in whole batches: a picture goes through with the same others whatever the number of ranks.
  ///   - progress: told how many are done.
  ///   - read: reads a picture; called on other threads, ahead of time.
  func pictures<Note>(
    _ share: BatchShare, as kind: PictureFeatures = .embedding, progress: (Int) -> Void,
    read: @escaping @Sendable (Int) throws -> EncodedPicture<Note>
  ) throws -> EmbeddedPictures<Note> {
    let numbers = share.numbers
    let stream = PictureStream(numbers.count, by: self, as: kind) { try read(numbers.lowerBound + $0) }
    let pictures = try stream.next(numbers.count, progress: progress)
    // Ranks that share the model embed equally often.
    for _ in (numbers.count + Self.batch - 1) / Self.batch..<share.rounds {
      try towers.embed(
        reader.pack(blank, count: 1), into: Tensor(rows: 1, columns: pictures.features.columns), as: kind)
    }
    return pictures
  }

  /// A black picture.
  var blank: [UInt8] {
    let vision = towers.configuration.vision
    return [UInt8](repeating: 0, count: 3 * vision.imageWidth * vision.imageHeight)
  }

  /// The embeddings of the texts of groups, (texts, embedding), in order. A text goes through with others of its group
  /// only, the same whatever the number of ranks.
  ///
  /// - Parameter rounds: the most batches of any rank, given how many this one has: ranks that share the model embed
  ///   equally often.
  func texts(_ groups: [[String]], rounds: (Int) throws -> Int) throws -> Tensor {
    let embeddings = Tensor(rows: groups.reduce(0) { $0 + $1.count }, columns: dimension)
    // Asked before the first batch, which ranks that share the model go through together.
    let own = groups.reduce(0) { $0 + Self.batches(of: $1.count).count }, all = try rounds(own)
    var first = 0
    for group in groups {
      for batch in Self.batches(of: group.count) {
        let rows = first + batch.lowerBound..<first + batch.upperBound
        try towers.embed(PackedCaptions(group[batch].map(reader.tokens)), into: embeddings.rows(rows))
      }
      first += group.count
    }
    for _ in own..<all {
      try towers.embed(PackedCaptions([reader.tokens(of: "")]), into: Tensor(rows: 1, columns: dimension))
    }
    return try checked(embeddings)
  }
}
