import Captions
public import Checkpoints
import Files
import Images
public import Shards
public import Tensors
public import Towers
public import Training

/// A trained model that turns pictures and captions into embeddings.
public final class Encoder {
  /// The model.
  public let towers: TwoTowers
  /// What prepares its inputs.
  public let reader: SampleReader
  /// How many pictures are decoded at once.
  let threads: Int
  /// Pictures, and captions, that go through together.
  static let batch = 64

  /// Loads a model, with the vocabulary and preprocessing it was trained with.
  ///
  /// - Parameters:
  ///   - weights: whatever ``Checkpoints/Weights`` finds.
  ///   - threads: how many pictures are decoded at once.
  public convenience init(_ weights: Weights, threads: Int) throws {
    let towers = TwoTowers(weights.configuration, precision: .fp32, forTraining: false)
    try towers.load(weights)
    let tokenizer = Tokenizer(try weights.loadVocabulary())
    self.init(
      towers,
      SampleReader(
        pixels: weights.configuration.vision.imageWidth, contextLength: weights.configuration.text.contextLength,
        tokenizer: tokenizer, preprocessing: weights.preprocessing),
      threads: threads)
  }

  /// A model that is in memory already.
  public init(_ towers: TwoTowers, _ reader: SampleReader, threads: Int) {
    self.towers = towers
    self.reader = reader
    self.threads = threads
  }

  /// Numbers of an embedding.
  public var dimension: Int { towers.configuration.embedDim }

  /// The embeddings of `count` encoded pictures, (count, embedding), in order.
  ///
  /// - Parameters:
  ///   - progress: told how many are done.
  ///   - picture: what to call picture i in an error, and its bytes; called on other threads, ahead of time.
  public func images(
    _ count: Int, progress: (Int) -> Void = { _ in },
    picture: @escaping @Sendable (Int) throws -> (name: String, bytes: [UInt8])
  ) throws -> Tensor {
    let reader = reader
    let pictures = Prefetcher(from: 0, to: count, threads: threads, ahead: 2 * threads) {
      let (name, bytes) = try picture($0)
      do {
        return try reader.pixels(of: bytes)
      } catch let error as ImageError {
        throw FileError(name, "cannot be decoded: \(error)")
      }
    }
    let embeddings = Tensor(rows: count, columns: dimension)
    for rows in Self.batches(of: count) {
      var pixels: [UInt8] = []
      for _ in rows { pixels += try pictures.next() }
      try towers.embed(reader.pack(pixels, count: rows.count), into: embeddings.rows(rows))
      progress(rows.upperBound)
    }
    return try checked(embeddings)
  }

  /// The embeddings of the pictures of samples, (range, embedding); numbers beyond the last begin again at the first.
  public func images(
    of samples: ShardCollection, _ range: Range<Int>, progress: (Int) -> Void = { _ in }
  ) throws -> Tensor {
    try images(range.count, progress: progress) {
      let sample = try samples.sample(at: (range.lowerBound + $0) % samples.count)
      return ("the picture of sample \(sample.key)", sample.picture)
    }
  }

  /// The embeddings of captions, (count, embedding), in order.
  public func texts(_ captions: [String]) throws -> Tensor {
    let embeddings = Tensor(rows: captions.count, columns: dimension)
    for rows in Self.batches(of: captions.count) {
      try towers.embed(PackedCaptions(captions[rows].map(reader.tokens)), into: embeddings.rows(rows))
    }
    return try checked(embeddings)
  }

  /// Embeddings that are numbers: compared with others, NaN would be neither more nor less than they.
  func checked(_ embeddings: Tensor) throws -> Tensor {
    guard sumOfSquares(embeddings).isFinite else { throw EncoderError() }
    return embeddings
  }

  static func batches(of count: Int) -> [Range<Int>] {
    stride(from: 0, to: count, by: batch).map { $0..<min($0 + batch, count) }
  }
}
