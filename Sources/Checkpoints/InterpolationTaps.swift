/// One axis of an interpolation: for each output the neighbouring inputs it is made of, and their weights.
///
/// Positions lie in the middle of cells of equal size, and both ends of the axis stay where they are (PyTorch's
/// `align_corners=False`). Single precision throughout, in the order of operations of PyTorch's
/// `torch.nn.functional.interpolate`, so that results are its own but for the last bits.
struct InterpolationTaps {
  /// The first input of each output.
  let firsts: [Int]
  /// The weights of that input and of those that follow it.
  let weights: [[Float]]

  /// `mode="bicubic", antialias=True`: Keys' cubic with a = −0.5, widened where there are fewer outputs than inputs.
  ///
  /// - Parameters:
  ///   - inputs: how many there are, at least one.
  ///   - outputs: how many are wanted.
  init(cubicFrom inputs: Int, to outputs: Int) {
    let scale = Float(inputs) / Float(outputs)
    let stretch = max(scale, 1)
    let reach = 2 * stretch
    var firsts: [Int] = []
    weights = (0..<outputs).map { output in
      let center = Float(Double(scale) * (Double(output) + 0.5))
      let first = max(Int(Double(center - reach) + 0.5), 0)
      let end = min(Int(Double(center + reach) + 0.5), inputs)
      firsts.append(first)
      let raw = (first..<end).map { input in
        Self.cubic(Float((Double(Float(input) - center) + 0.5) * Double(1 / stretch)))
      }
      let sum = raw.reduce(0, +)
      return raw.map { $0 / sum }
    }
    self.firsts = firsts
  }

  /// `mode="linear"` without antialiasing: each output lies between two inputs, or beyond the last and is equal to it.
  ///
  /// - Parameters:
  ///   - inputs: how many there are, at least one.
  ///   - outputs: how many are wanted.
  init(linearFrom inputs: Int, to outputs: Int) {
    let scale = Float(inputs) / Float(outputs)
    var firsts: [Int] = []
    weights = (0..<outputs).map { output in
      let place = max(scale * (Float(output) + 0.5) - 0.5, 0)
      let first = min(Int(place), inputs - 1)
      firsts.append(first)
      let share = min(place - Float(first), 1)
      return first + 1 < inputs ? [1 - share, share] : [1]
    }
    self.firsts = firsts
  }

  /// The rows of the outputs, of `width` numbers each, made of those of the inputs.
  func rows(of inputs: ArraySlice<Float>, width: Int) -> [Float] {
    zip(firsts, weights).flatMap { first, weights in
      var row = [Float](repeating: 0, count: width)
      for (input, weight) in weights.enumerated() {
        let begin = inputs.startIndex + (first + input) * width
        for column in 0..<width { row[column] += weight * inputs[begin + column] }
      }
      return row
    }
  }

  private static func cubic(_ distance: Float) -> Float {
    let a: Float = -0.5
    let x = abs(distance)
    if x < 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
    if x < 2 { return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a }
    return 0
  }
}
