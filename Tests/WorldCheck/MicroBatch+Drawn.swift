import Tensors
import Towers

extension MicroBatch {
  /// Pairs `rows` of a batch that is the same on every rank: pictures of 32 × 32 pixels, and captions of up to eleven of
  /// sixty tokens.
  static func drawn(_ rows: Range<Int>, seed: UInt64) -> MicroBatch {
    let pairs = rows.map { row in
      var generator = CounterGenerator(seed: seed, stream: UInt64(row))
      let pixels = (0..<32 * 32 * 3).map { _ in UInt8.random(in: 0...255, using: &generator) }
      let words = (0..<row % 9 + 1).map { _ in Int32.random(in: 0..<58, using: &generator) }
      return (pixels, [58] + words + [59])
    }
    return MicroBatch(
      pictures: PackedPictures(
        pixels: pairs.flatMap(\.0), count: rows.count, mean: [0.5, 0.5, 0.5], deviation: [0.25, 0.25, 0.25]),
      captions: PackedCaptions(pairs.map(\.1)))
  }
}
