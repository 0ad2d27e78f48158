/// A keyed shuffling of `0..<count` that is computed, not stored.
///
/// A Feistel network of eight rounds on the smallest power of two that holds `count`; a number that lands outside is
/// sent through again until it lands inside (cycle walking), fewer than two times on average.
struct Permutation {
  /// How many numbers are shuffled.
  let count: Int
  private let key: UInt64
  private let lowBits: Int
  private let lowMask: UInt64
  private let highMask: UInt64

  private static let rounds: UInt64 = 8

  init(count: Int, key: UInt64) {
    let bits = max(2, Int.bitWidth - max(0, count - 1).leadingZeroBitCount)
    self.count = count
    self.key = key
    lowBits = bits / 2
    lowMask = 1 << UInt64(lowBits) - 1
    highMask = 1 << UInt64(bits - lowBits) - 1
  }

  /// Where the number `index` goes.
  func callAsFunction(_ index: Int) -> Int {
    var value = UInt64(index)
    repeat {
      var (low, high) = (value & lowMask, value >> UInt64(lowBits))
      for round in 0..<Self.rounds {
        // Each half changes the other in turn. The key differs by round; high bits mix best, so they are taken.
        if round % 2 == 0 {
          high ^= mixed(low &+ key &+ round &* oddGamma) >> 32 & highMask
        } else {
          low ^= mixed(high &+ key &+ round &* oddGamma) >> 32 & lowMask
        }
      }
      value = high << UInt64(lowBits) | low
    } while value >= UInt64(count)
    return Int(value)
  }
}

/// 2⁶⁴ divided by the golden ratio, made odd: the increment of SplitMix64.
let oddGamma: UInt64 = 0x9E37_79B9_7F4A_7C15

/// The output function of SplitMix64 (Steele, Lea and Flood 2014): every input bit reaches every output bit.
func mixed(_ input: UInt64) -> UInt64 {
  var bits = input
  bits = (bits ^ bits >> 30) &* 0xBF58_476D_1CE4_E5B9
  bits = (bits ^ bits >> 27) &* 0x94D0_49BB_1331_11EB
  return bits ^ bits >> 31
}
