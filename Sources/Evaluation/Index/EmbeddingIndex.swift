import Checkpoints
public import Files
public import Shards
public import Tensors

/// The embeddings of datasets' pictures in a file, as `clip embed --data` writes it: what a search need not compute again.
///
/// A safetensors file with `image_features` (samples, embedding), single precision: row i is the picture of sample i of
/// the ``Shards/ShardCollection``, of length 1, or zeros where that cannot be decoded. Its metadata say of which model
/// and of which dataset, and what the digests of the numbers are. Rows are read when they are asked for, and looked at
/// before anybody gets them.
public final class EmbeddingIndex: Sendable {
  /// Where the file lies.
  public let path: String
  /// Samples, each of which has a row.
  public let count: Int
  /// Numbers of an embedding.
  public let dimension: Int
  /// The digest of the model that made it: ``Encoder/digest``.
  public let model: String
  /// The digest of the dataset: ``Shards/ShardCollection/digest``.
  public let dataset: String
  /// How many pictures cannot be decoded: rows of zeros.
  public let undecodable: Int
  /// Whether it has the embeddings of captions as well, `text_features`, a row for each sample.
  public let hasTexts: Bool
  private let file: SafetensorsFile

  static let imageFeatures = "image_features"
  static let textFeatures = "text_features"

  /// What the metadata of an index are called.
  enum Key {
    static let model = "model"
    static let dataset = "dataset"
    static let samples = "samples"
    static let undecodable = "undecodable"

    /// The digest of the numbers of a tensor.
    static func digest(of tensor: String) -> String { "\(tensor)_digest" }
  }

  /// How an index is made, for messages.
  private static let howToMake = "clip embed --weights … --data … --into"

  /// Opens an index; no row is read yet.
  ///
  /// - Throws: `FileError` for a file that is none.
  public init(_ path: String) throws {
    let beginning = try FileReader(path)
    if try beginning.read(min(beginning.count, NumPyHeader.magic.count), at: 0) == NumPyHeader.magic {
      throw FileError(
        path,
        "is a NumPy file, which holds rows and not whose they are: make an index with \(Self.howToMake) NAME.safetensors"
      )
    }
    file = try SafetensorsFile(path)
    guard let features = file.description(of: Self.imageFeatures) else {
      throw FileError(
        path,
        "is no index: it has no tensor \(Self.imageFeatures); make one with \(Self.howToMake) NAME.safetensors")
    }
    guard features.type == .float32, features.shape.count == 2, features.shape[0] > 0, features.shape[1] > 0 else {
      throw FileError(
        path,
        "is no index: its \(Self.imageFeatures) are \(features.type.rawValue) of shape \(features.shape), expected F32 of "
          + "shape [samples, embedding]")
    }
    let metadata = file.metadata
    guard let model = metadata[Key.model], let dataset = metadata[Key.dataset] else {
      throw FileError(
        path,
        "does not say of which model and dataset its embeddings are: make an index with \(Self.howToMake) "
          + "NAME.safetensors")
    }
    (count, dimension) = (features.shape[0], features.shape[1])
    guard metadata[Key.samples].flatMap({ Int($0) }) == count,
      let undecodable = metadata[Key.undecodable].flatMap({ Int($0) }), (0...count).contains(undecodable)
    else {
      throw FileError(
        path,
        "has \(count) rows and says it has \(metadata[Key.samples] ?? "no number of") samples, "
          + "\(metadata[Key.undecodable] ?? "no number") undecodable: it is damaged; make it again with "
          + "\(Self.howToMake) \(path)")
    }
    let texts = file.description(of: Self.textFeatures)
    guard texts.map({ $0.shape == features.shape && $0.type == .float32 }) ?? true else {
      throw FileError(
        path, "has \(Self.imageFeatures) of shape \(features.shape) and others of its captions: it is damaged")
    }
    hasTexts = texts != nil
    self.path = path
    self.model = model
    self.dataset = dataset
    self.undecodable = undecodable
  }

  /// Reads rows, (range, embedding).
  ///
  /// - Parameters:
  ///   - range: which ones, within ``count``.
  ///   - rows: room for them, without gaps.
  /// - Throws: `FileError` also where one is neither of length 1 nor zeros, as where it is no numbers: it would be found
  ///   too seldom or too often.
  public func rows(_ range: Range<Int>, into rows: Tensor) throws {
    precondition(range.lowerBound >= 0 && range.upperBound <= count, "rows \(range) of \(count)")
    precondition(rows.rows == range.count && rows.columns == dimension, "room of another shape")
    try rows.withMutableFloats { try file.read(Self.imageFeatures, from: range.lowerBound * dimension, into: $0) }
    // Written so that a NaN is an error.
    if let flaw = rowSumsOfSquares(rows).firstIndex(where: { !($0 == 0 || abs($0 - 1) < Self.tolerance) }) {
      throw FileError(
        path,
        "row \(range.lowerBound + flaw) is no embedding, which has length 1: the file is damaged or another program's; "
          + "make it again with \(Self.howToMake) \(path)")
    }
  }

  /// Proves that all numbers are those that were written, reading the whole file once.
  ///
  /// - Throws: `FileError` where they are not: what is found in it may be wrong.
  public func prove() throws {
    for tensor in [Self.imageFeatures] + (hasTexts ? [Self.textFeatures] : []) {
      let digest = RunningDigest(), height = min(count, max(1, Self.provedBytes / (4 * dimension)))
      let block = Tensor(rows: height, columns: dimension)
      for first in stride(from: 0, to: count, by: height) {
        let rows = block.rows(0..<min(height, count - first))
        try rows.withMutableFloats { numbers in
          try file.read(tensor, from: first * dimension, into: numbers)
          digest.append(UnsafeRawBufferPointer(numbers))
        }
      }
      let expected = file.metadata[Key.digest(of: tensor)] ?? "none"
      guard "\(digest.digest)" == expected else {
        throw FileError(
          path,
          "is damaged: its \(tensor) have digest \(digest.digest), expected \(expected); make it again with "
            + "\(Self.howToMake) \(path)")
      }
    }
  }

  /// Bytes that are read at once to be proved.
  private static let provedBytes = 8 << 20

  /// How far the square of a length may be from 1: single precision is a hundred times nearer.
  private static let tolerance = 1e-3

  /// Checks that the index is of what it is used with; an error says what to do.
  ///
  /// - Parameters:
  ///   - samples: the datasets, in the order they were embedded in; nil: those do not matter.
  ///   - model: the model's ``Encoder/digest``; nil: only the width matters.
  ///   - dimension: numbers of the model's embeddings.
  public func check(samples: ShardCollection?, model: String?, dimension: Int) throws(FileError) {
    let advice = "make it again with \(Self.howToMake) \(path)"
    guard dimension == self.dimension else {
      throw FileError(
        path,
        "has embeddings of \(self.dimension) numbers, the model's have \(dimension): take the model it is of, or "
          + advice)
    }
    if let model, model != self.model {
      throw FileError(
        path,
        "is of another model (\(self.model)) than these weights (\(model)): take the weights it was made with, or "
          + advice)
    }
    guard let samples else { return }
    guard samples.count == count else {
      throw FileError(
        path,
        "has the embeddings of \(count) samples, the data have \(samples.count): give the datasets it was made of, in "
          + "their order, or \(advice)")
    }
    guard "\(samples.digest)" == dataset else {
      throw FileError(
        path,
        "is of other data (\(dataset)) than these (\(samples.digest)): give the datasets it was made of, in their "
          + "order, or \(advice)")
    }
  }
}
