/// What a convolution of a ModifiedResNet works on, of one picture.
package struct ConvolutionShape {
  /// Pixels it looks at, and pixels it makes.
  package let pixelsIn: Int, pixelsOut: Int
  /// Channels it looks at, and channels it makes.
  package let inputs: Int, outputs: Int
  /// Pixels that go into each pixel it makes: 1 or 9.
  package let taps: Int

  /// Multiplications, each with its addition.
  package var products: Int { pixelsOut * outputs * inputs * taps }
}

extension VisionConfiguration {
  /// All convolutions of a ModifiedResNet, in the order of the way forward; none of a Vision Transformer.
  package var convolutions: [ConvolutionShape] { Array(convolutionGroups.joined()) }

  /// Those of the stem, and those of each stage.
  package var convolutionGroups: [[ConvolutionShape]] {
    isResNet ? [stemConvolutions] + blockConvolutions.map { Array($0.joined()) } : []
  }

  private var stemConvolutions: [ConvolutionShape] {
    let side = imageHeight / 2
    return [(4, 3, width / 2), (1, width / 2, width / 2), (1, width / 2, width)].map { shrinking, inputs, outputs in
      ConvolutionShape(
        pixelsIn: side * side * shrinking, pixelsOut: side * side, inputs: inputs, outputs: outputs, taps: 9)
    }
  }

  /// Those of each block of each stage of a ModifiedResNet.
  package var blockConvolutions: [[[ConvolutionShape]]] {
    var side = imageHeight / 4, inputs = width
    return stages.enumerated().map { stage, count in
      (0..<count).map { index in
        let planes = width << stage, outputs = planes * Bottleneck.expansion
        let before = side * side
        if stage > 0 && index == 0 { side /= 2 }
        let after = side * side
        func shape(_ pixels: Int, _ inputs: Int, _ outputs: Int, taps: Int = 1) -> ConvolutionShape {
          ConvolutionShape(pixelsIn: pixels, pixelsOut: pixels, inputs: inputs, outputs: outputs, taps: taps)
        }
        var shapes = [
          shape(before, inputs, planes), shape(before, planes, planes, taps: 9), shape(after, planes, outputs),
        ]
        if before != after || inputs != outputs { shapes.append(shape(after, inputs, outputs)) }
        inputs = outputs
        return shapes
      }
    }
  }

  /// Channels a ModifiedResNet ends with before its attention pool.
  package var pooledChannels: Int { (width << (stages.count - 1)) * Bottleneck.expansion }
}
