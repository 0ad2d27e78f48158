import CImageKernels

/// Random taps of a filter, whose weights, like bicubic ones, add up to at most 1.3 in absolute value.
struct DrawnTaps {
  private var firsts: [Int32] = []
  private var counts: [Int32] = []
  private var weights: [Int32] = []
  private let stride: Int

  /// Outputs that reach, like those of scaling, further and further into the inputs.
  init(inputs: Int, outputs: Int, using generator: inout SplitMix) {
    stride = Int.random(in: 1...min(inputs, 24), using: &generator)
    for output in 0..<outputs {
      let count = Int.random(in: 1...stride, using: &generator)
      firsts.append(Int32((inputs - stride) * output / outputs))
      counts.append(Int32(count))
      // 1 is 2²². One weight may be nearly all there is.
      let most = 1.3 * 4_194_304 / (Bool.random(using: &generator) ? Double(count) : 1.3)
      var left = 1.3 * 4_194_304
      for tap in 0..<stride {
        let weight = tap < count ? Double.random(in: -min(most, left)...min(most, left), using: &generator) : 0
        left -= weight.magnitude
        weights.append(Int32(weight))
      }
    }
  }

  func withKernelTaps(_ body: (CImageKernels_Taps) -> Void) {
    firsts.withUnsafeBufferPointer { firsts in
      counts.withUnsafeBufferPointer { counts in
        weights.withUnsafeBufferPointer { weights in
          body(
            CImageKernels_Taps(
              firsts: firsts.baseAddress, counts: counts.baseAddress, weights: weights.baseAddress, stride: stride,
              outputs: firsts.count))
        }
      }
    }
  }
}
