public import Captions
public import Checkpoints
public import Images
public import Shards
public import Towers

/// Turns samples into what the towers read: pictures of the model's size, captions as tokens.
public struct SampleReader: Sendable {
  private let pixels: Int
  private let contextLength: Int
  private let tokenizer: Tokenizer
  private let preprocessing: Preprocessing
  private let normalization: Normalization

  /// - Parameters:
  ///   - pixels: side of the model's square picture.
  ///   - contextLength: the most tokens of a caption, start and end included.
  ///   - preprocessing: what the model's pictures go through.
  public init(pixels: Int, contextLength: Int, tokenizer: Tokenizer, preprocessing: Preprocessing) {
    self.pixels = pixels
    self.contextLength = contextLength
    self.tokenizer = tokenizer
    self.preprocessing = preprocessing
    normalization = preprocessing.normalization
  }

  /// A cropped picture (interleaved RGB) and its caption's tokens.
  public typealias Pair = (pixels: [UInt8], tokens: [Int32])

  /// Decodes and crops an encoded picture, and tokenises its caption.
  public func pair(
    _ encoded: [UInt8], _ caption: String, crop: Crop, using generator: inout some RandomNumberGenerator
  ) throws -> Pair {
    var times = ReadingTimes()
    return try pair(encoded, caption, crop: crop, using: &generator, measuring: &times)
  }

  /// The same, adding the time it takes to `times`.
  public func pair(
    _ encoded: [UInt8], _ caption: String, crop: Crop, using generator: inout some RandomNumberGenerator,
    measuring times: inout ReadingTimes
  ) throws -> Pair {
    let picture = try times.measure(\.decoding) { try Picture.decode(encoded) }
    let framing = crop.framing(of: picture.size, pixels: pixels, using: &generator)
    let cropped = times.measure(\.resizing) { picture.framed(framing).pixels }
    return (cropped, times.measure(\.tokenizing) { tokens(of: caption) })
  }

  /// The picture as models are evaluated: scaled by its shortest side, the middle cut out.
  public func pixels(of encoded: [UInt8]) throws -> [UInt8] {
    let picture = try Picture.decode(encoded)
    let framing = Framing.center(of: picture.size, pixels: pixels, rounding: preprocessing.marginRounding)
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

  /// Packs `count` pairs.
  public func microBatch(of count: Int, _ pair: (Int) throws -> Pair) rethrows -> MicroBatch {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count * pixels * pixels * 3)
    var captions: [[Int32]] = []
    captions.reserveCapacity(count)
    for index in 0..<count {
      let pair = try pair(index)
      bytes += pair.pixels
      captions.append(pair.tokens)
    }
    return MicroBatch(pictures: pack(bytes, count: count), captions: PackedCaptions(captions))
  }

  /// Packs `count` cropped pictures that lie one behind the other.
  public func pack(_ pixels: [UInt8], count: Int) -> PackedPictures {
    PackedPictures(
      pixels: pixels, count: count, mean: normalization.mean, deviation: normalization.deviation)
  }
}
