/// One axis of Pillow's bicubic resize: for each output pixel the input pixels it is made of, and their weights.
///
/// The kernel is Keys' cubic with a = −0.5, stretched by the scale when shrinking so that it averages everything it
/// covers. Weights are computed in doubles in Pillow's order of operations and rounded to 22-bit fixed point, half away
/// from zero; that makes the result equal Pillow's to the last bit.
struct BicubicTaps {
  private(set) var firsts: [Int32] = []
  private(set) var counts: [Int32] = []
  /// How many output pixels there are.
  var outputs: Int { firsts.count }
  /// `stride` for each output.
  private(set) var weights: [Int32] = []
  let stride: Int

  static let fractionBits = 22

  /// - Parameters:
  ///   - outputs: which output pixels are wanted.
  ///   - scaled: how many there would be in all.
  ///   - inputs: pixels of the input they are made of.
  init(_ outputs: Range<Int>, of scaled: Int, from inputs: Range<Int>) {
    self.init(outputs, scale: Double(inputs.count) / Double(scaled), offset: 0, from: inputs)
  }

  /// Taps on an input that was made smaller already, so that what they are made of begins and ends within pixels.
  ///
  /// - Parameters:
  ///   - inputs: pixels of the input before it was made smaller,
  ///   - divisor: by this,
  ///   - count: pixels of it now.
  init(_ outputs: Range<Int>, of scaled: Int, from inputs: Range<Int>, dividedBy divisor: Int, count: Int) {
    let start = Double(inputs.lowerBound) / Double(divisor)
    let end = Double(inputs.upperBound) / Double(divisor)
    let touched = Int(start)..<min(Int(end.rounded(.up)), count)
    self.init(
      outputs, scale: (end - start) / Double(scaled), offset: start - Double(touched.lowerBound), from: touched)
  }

  private init(_ outputs: Range<Int>, scale: Double, offset: Double, from inputs: Range<Int>) {
    let stretch = max(scale, 1)
    let reach = 2 * stretch
    stride = Int(reach.rounded(.up)) * 2 + 1
    firsts.reserveCapacity(outputs.count)
    counts.reserveCapacity(outputs.count)
    weights.reserveCapacity(outputs.count * stride)
    var raw = [Double](repeating: 0, count: stride)
    for output in outputs {
      let center = offset + (Double(output) + 0.5) * scale
      let first = max(Int(center - reach + 0.5), 0)
      let count = min(Int(center + reach + 0.5), inputs.count) - first
      var sum = 0.0
      for tap in 0..<count {
        raw[tap] = Self.kernel((Double(tap + first) - center + 0.5) * (1 / stretch))
        sum += raw[tap]
      }
      for tap in 0..<stride {
        let share = tap < count ? (sum == 0 ? raw[tap] : raw[tap] / sum) : 0
        weights.append(Int32(share * Double(1 << Self.fractionBits) + (share < 0 ? -0.5 : 0.5)))
      }
      firsts.append(Int32(inputs.lowerBound + first))
      counts.append(Int32(count))
    }
  }

  /// The input pixels all outputs together are made of.
  var inputs: Range<Int> {
    let ends = zip(firsts, counts).map { Int($0 + $1) }
    return Int(firsts.min() ?? 0)..<(ends.max() ?? 0)
  }

  /// The same taps on an input whose first `count` pixels were left out.
  func droppingInputs(_ count: Int) -> BicubicTaps {
    var taps = self
    taps.firsts = firsts.map { $0 - Int32(count) }
    return taps
  }

  private static func kernel(_ distance: Double) -> Double {
    let a = -0.5
    let x = abs(distance)
    if x < 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
    if x < 2 { return (((x - 5) * x + 8) * x - 4) * a }
    return 0
  }
}
