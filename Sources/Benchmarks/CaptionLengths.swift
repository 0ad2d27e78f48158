/// How many tokens synthetic captions have, start and end included: a function of the caption's number alone.
public enum CaptionLengths: Sendable, Equatable {
  /// All captions alike.
  case exactly(Int)
  /// Like the captions of pictures on the web: many short ones, few long ones, 20 tokens on average.
  ///
  /// A length is 4 plus a negative binomial draw (two failures, probability 1/9), whose mean is 16. The draws are the
  /// quantiles at the fractional parts of multiples of the golden ratio: any run of captions, however short, has about
  /// the same mix of lengths, so that benchmarks with different batches and ranks compare.
  case real

  /// The fewest tokens of a caption that is like real ones.
  public static let shortest = 4
  /// The mean of all lengths, where the context cuts none.
  public static let mean = 20.0

  /// Tokens of a caption.
  ///
  /// - Parameters:
  ///   - number: of the caption, over all ranks, from 0.
  ///   - context: the most tokens the model takes; longer captions are cut.
  public func length(of number: Int, context: Int) -> Int {
    switch self {
    case .exactly(let length): min(length, context)
    case .real: min(Self.shortest + Self.quantile(at: Self.fraction(number)), context)
    }
  }

  /// (number + 1) · golden ratio, without its whole part.
  private static func fraction(_ number: Int) -> Double {
    Double(((UInt64(number) &+ 1) &* 0x9E37_79B9_7F4A_7C15) >> 11) * 0x1p-53
  }

  /// The smallest k whose cumulative probability exceeds `fraction`: P(k) = (k + 1) p² (1 − p)ᵏ.
  private static func quantile(at fraction: Double) -> Int {
    let p = 1.0 / 9
    var k = 0, power = p * p, below = p * p
    // Behind 1,000 the probabilities are too small to add up to anything.
    while below <= fraction, k < 1000 {
      k += 1
      power *= 1 - p
      below += Double(k + 1) * power
    }
    return k
  }
}
