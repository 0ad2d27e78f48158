/// Random numbers as a function of a key and a position (Philox 4×32-10, Salmon et al. 2011).
///
/// Whoever asks for draw n under a key gets the same number: no rank, thread or history is in it.
public struct CounterGenerator: RandomNumberGenerator, Sendable {
  private let key: (UInt32, UInt32)
  private let stream: UInt64
  private var counter: UInt64 = 0
  private var spare: UInt64?

  /// The generator of `stream` under `seed`, at its first draw.
  public init(seed: UInt64, stream: UInt64 = 0) {
    key = (UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
    self.stream = stream
  }

  /// The generator for one purpose, keyed by up to three numbers such as (seed, epoch, position).
  public init(seed: UInt64, epoch: Int, position: Int) {
    self.init(seed: seed ^ (UInt64(bitPattern: Int64(epoch)) &* 0x9E37_79B9_7F4A_7C15), stream: UInt64(position))
  }

  /// The next 64 random bits.
  public mutating func next() -> UInt64 {
    if let spare {
      self.spare = nil
      return spare
    }
    let block = Self.block(counter, stream, key)
    counter += 1
    spare = block.1
    return block.0
  }

  /// A number uniform in [0, 1), a multiple of 2⁻²⁴.
  public mutating func uniform() -> Float {
    Float(next() >> 40) * 0x1p-24
  }

  /// Ten rounds over the 128-bit block (counter, stream).
  private static func block(_ counter: UInt64, _ stream: UInt64, _ key: (UInt32, UInt32)) -> (UInt64, UInt64) {
    var a = UInt32(truncatingIfNeeded: counter), b = UInt32(truncatingIfNeeded: counter >> 32)
    var c = UInt32(truncatingIfNeeded: stream), d = UInt32(truncatingIfNeeded: stream >> 32)
    var (k0, k1) = key
    for _ in 0..<10 {
      let p0 = UInt64(a) &* 0xD251_1F53
      let p1 = UInt64(c) &* 0xCD9E_8D57
      (a, b, c, d) = (
        UInt32(truncatingIfNeeded: p1 >> 32) ^ b ^ k0, UInt32(truncatingIfNeeded: p1),
        UInt32(truncatingIfNeeded: p0 >> 32) ^ d ^ k1, UInt32(truncatingIfNeeded: p0)
      )
      k0 &+= 0x9E37_79B9
      k1 &+= 0xBB67_AE85
    }
    return (UInt64(a) | UInt64(b) << 32, UInt64(c) | UInt64(d) << 32)
  }
}
