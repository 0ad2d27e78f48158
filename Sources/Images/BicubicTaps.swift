import CImageKernels

/// One axis of Pillow's bicubic resize: for each output pixel the input pixels it is made of, and their weights.
///
/// The kernel is Keys' cubic with a = −0.5, stretched by the scale when shrinking so that it averages everything it
/// covers. Weights are computed in doubles in Pillow's order of operations and rounded to 22-bit fixed point, half away
/// from zero; that makes the result equal Pillow's to the last bit.
struct BicubicTaps {
  private(set) var firsts: [Int32]
  private(set) var counts: [Int32]
  /// How many output pixels there are.
  var outputs: Int { firsts.count }
  /// `stride` for each output.
  private(set) var weights: [Int32]
  let stride: Int

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
    // As many as reach to both sides, and the one in the middle.
    let most = Int((2 * max(scale, 1)).rounded(.up)) * 2 + 1
    stride = (most + CImageKernels_strideUnit - 1) / CImageKernels_strideUnit * CImageKernels_strideUnit
    let axis = CImageKernels_Axis(
      firstOutput: outputs.lowerBound, outputs: outputs.count, scale: scale, offset: offset,
      inputs: Int32(inputs.count), origin: Int32(inputs.lowerBound))
    firsts = [Int32](repeating: 0, count: outputs.count)
    counts = firsts
    weights = [Int32](repeating: 0, count: outputs.count * stride)
    withUnsafeTemporaryAllocation(of: Double.self, capacity: stride) { raw in
      guard let raw = raw.baseAddress else { return }
      CImageKernels_bicubicTaps(axis, stride, &firsts, &counts, &weights, raw)
    }
  }

  /// The input pixels all outputs together are made of: where taps begin and end only ever grows.
  var inputs: Range<Int> {
    guard let first = firsts.first, let last = firsts.last, let count = counts.last else { return 0..<0 }
    return Int(first)..<Int(last + count)
  }

  /// The same taps on an input whose first `count` pixels were left out.
  func droppingInputs(_ count: Int) -> BicubicTaps {
    var taps = self
    taps.firsts = firsts.map { $0 - Int32(count) }
    return taps
  }
}
