public import Captions
public import Checkpoints
public import Images
public import Shards
public import Towers

/// Turns samples into what the towers read: pictures of the model's size, captions as tokens.
public struct SampleReader: Sendable {
  private let side: Int
  private let contextLength: Int
  private let tokenizer: Tokenizer
  private let preprocessing: Preprocessing
  private let normalization: Normalization

  /// - Parameters:
  ///   - pixels: side of the model's square picture.
  ///   - contextLength: the most tokens of a caption, start and end included.
  ///   - preprocessing: what the model's pictures go through.
  public init(pixels: Int, contextLength: Int, tokenizer: Tokenizer, preprocessing: Preprocessing) {
    side = pixels
    self.contextLength = contextLength
    self.tokenizer = tokenizer
    self.preprocessing = preprocessing
    normalization = preprocessing.normalization
  }

  /// Decodes and crops an encoded picture.
  ///
  /// - Parameters:
  ///   - generator: what the crop is drawn from; stays as it is where there is an error.
  ///   - framer: this thread's.
  ///   - pixels: room for the square, rows of interleaved RGB.
  ///   - times: what the time it takes is added to.
  public func read(
    _ encoded: Span<UInt8>, crop: Crop, using generator: inout some RandomNumberGenerator, _ framer: PictureFramer,
    into pixels: UnsafeMutableBufferPointer<UInt8>, measuring times: inout ReadingTimes
  ) throws {
    // The size, of which the crop is drawn, is known before it is known whether the rest can be decoded.
    var draws = generator
    try times.measure(\.decoding) {
      try framer.decode(encoded) { crop.framing(of: $0, pixels: side, using: &draws) }
    }
    generator = draws
    times.measure(\.resizing) { framer.frame(into: pixels) }
  }

  /// The picture as models are evaluated: scaled by its shortest side, the middle cut out.
  public func pixels(of encoded: [UInt8]) throws -> [UInt8] {
    let picture = try Picture.decode(encoded)
    let framing = Framing.center(of: picture.size, pixels: side, rounding: preprocessing.marginRounding)
    return picture.framed(framing).pixels
  }

  /// A caption's tokens, from start to end.
  ///
  /// A caption that spells the end token ends there: the embedding is read off the first one, in open_clip and
  /// Transformers too, and causality keeps what follows from it.
  public func tokens(of caption: String) -> [Int32] {
    let tokens = tokenizer.encode(caption, contextLength: contextLength)
    return Array(tokens.prefix { $0 != tokenizer.vocabulary.endToken }) + [tokenizer.vocabulary.endToken]
  }

  /// A line for the vocabulary and one for what pictures go through: with the model's weights and shape they decide every
  /// embedding.
  package var fingerprint: [String] {
    func list(_ numbers: SIMD3<Float>) -> String { "\(numbers.x) \(numbers.y) \(numbers.z)" }
    return [
      "vocabulary \(tokenizer.vocabulary.digest)",
      "pictures \(list(normalization.mean)) \(list(normalization.deviation)) \(preprocessing.marginRounding)",
    ]
  }

  /// Bytes of a cropped picture.
  var pictureBytes: Int { 3 * side * side }

  /// Packs `count` cropped pictures, of which some patches are seen, or all.
  package func pack(_ pixels: PictureMemory, count: Int, seeing patches: [Int32]? = nil) -> PackedPictures {
    PackedPictures(
      pixels: pixels, count: count, patches: patches, mean: normalization.mean, deviation: normalization.deviation)
  }

  /// Packs `count` cropped pictures that lie one behind the other.
  public func pack(_ pixels: [UInt8], count: Int) -> PackedPictures {
    pack(PictureMemory(pixels), count: count)
  }
}
