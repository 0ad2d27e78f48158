import Files

/// A random number for each query of each pair, as a function of a seed and both: whoever draws, in whatever order and
/// on whatever thread, draws the same.
///
/// A pair is known by the digest of its dataset and its number in it, a query by the digest of its text. So what is
/// drawn for a pair does not depend on other datasets or queries.
struct PairDraws: Sendable {
  private let key: UInt64

  init(seed: UInt64, dataset: Digest) {
    key = mixed(mixed(seed &+ oddGamma) ^ dataset.value)
  }

  /// What stands for the pair with a number.
  func pair(_ number: Int) -> UInt64 { mixed(key &+ UInt64(number) &* oddGamma) }

  /// The number, of 64 random bits, of a pair and a query.
  static func draw(_ pair: UInt64, _ query: UInt64) -> UInt64 { mixed(pair ^ query) }
}
