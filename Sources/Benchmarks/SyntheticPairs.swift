import Tensors
public import Towers
package import Training

/// Pairs made of random bytes and random tokens, each a function of its number: the same for any number of ranks.
public struct SyntheticPairs: Sendable {
  private let model: ModelConfiguration
  private let lengths: CaptionLengths
  private let dropout: PatchDropout

  /// Pairs for a model, with captions of some lengths, and pictures of which some patches are seen.
  package init(_ model: ModelConfiguration, captions lengths: CaptionLengths, _ dropout: PatchDropout) {
    self.model = model
    self.lengths = lengths
    self.dropout = dropout
  }

  /// Tokens of the captions of some pairs.
  public func captionLengths(_ numbers: Range<Int>) -> [Int] {
    numbers.map { lengths.length(of: $0, context: model.text.contextLength) }
  }

  /// Some pairs, in micro-batches of at most `microBatch`.
  public func batches(_ numbers: Range<Int>, microBatch: Int) -> [MicroBatch] {
    stride(from: numbers.lowerBound, to: numbers.upperBound, by: microBatch).map { first in
      batch(first..<min(first + microBatch, numbers.upperBound))
    }
  }

  private func batch(_ numbers: Range<Int>) -> MicroBatch {
    let pictureBytes = 3 * model.vision.imageHeight * model.vision.imageWidth
    let pixels = [UInt8](unsafeUninitializedCapacity: numbers.count * pictureBytes) { bytes, count in
      count = bytes.count
      for (place, number) in numbers.enumerated() {
        var generator = CounterGenerator(seed: 0, stream: UInt64(number))
        var word: UInt64 = 0
        for index in 0..<pictureBytes {
          word = index % 8 == 0 ? generator.next() : word >> 8
          bytes[place * pictureBytes + index] = UInt8(truncatingIfNeeded: word)
        }
      }
    }
    let pictures = PackedPictures(
      pixels: pixels, count: numbers.count,
      patches: dropout.patches(at: numbers.map { BatchPlan.Place(sample: $0, epoch: 0, position: $0) }),
      mean: [0.5, 0.5, 0.5], deviation: [0.3, 0.3, 0.3])
    return MicroBatch(
      pictures: pictures, captions: PackedCaptions(numbers.map(tokens)))
  }

  /// Start, words, end; the two markers are the last ids, as in CLIP's vocabulary.
  private func tokens(_ number: Int) -> [Int32] {
    let ids = model.text.vocabularySize
    var generator = CounterGenerator(seed: 1, stream: UInt64(number))
    let words = lengths.length(of: number, context: model.text.contextLength) - 2
    let draws = (0..<words).map { _ in
      Int32(generator.next().multipliedFullWidth(by: UInt64(ids - 2)).high)
    }
    return [Int32(ids - 2)] + draws + [Int32(ids - 1)]
  }
}
