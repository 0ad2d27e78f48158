import Glibc

/// The ways a picture of any shape becomes a square of `pixels` × `pixels` in training.
///
/// Models are evaluated on ``Framing/center(of:pixels:rounding:)``, which draws no random numbers.
public enum Crop: Hashable, Sendable {
  /// A random square of the picture scaled by its shortest side: the CLIP paper's only augmentation.
  case square
  /// A random part of the picture, scaled to the square: torchvision's `RandomResizedCrop`, open_clip's augmentation.
  ///
  /// The part has `scale` of the picture's area, uniformly, and a shape of 3:4 to 4:3, uniformly in its logarithm.
  case resized(scale: ClosedRange<Double>)

  /// The share of the area open_clip draws from.
  public static let openCLIPScale = 0.9...1.0

  /// Where this crop of a picture of `size` lies; a pure function of its arguments and the numbers drawn.
  ///
  /// - Precondition: `pixels` is positive.
  public func framing(
    of size: PictureSize, pixels: Int, using generator: inout some RandomNumberGenerator
  ) -> Framing {
    switch self {
    case .square:
      let scaled = size.withShortestSide(pixels)
      let x = Self.draw(below: scaled.width - pixels + 1, using: &generator)
      let y = Self.draw(below: scaled.height - pixels + 1, using: &generator)
      let square = PictureSize(width: pixels, height: pixels)
      return Framing(source: Region(all: size), scaled: scaled, window: Region(x: x, y: y, size: square))
    case .resized(let scale):
      let square = PictureSize(width: pixels, height: pixels)
      let source = Self.part(of: size, scale: scale, using: &generator)
      return Framing(source: source, scaled: square, window: Region(all: square))
    }
  }

  /// Ten tries to draw a part that fits, then the largest centered part of an allowed shape.
  private static func part(
    of size: PictureSize, scale: ClosedRange<Double>, using generator: inout some RandomNumberGenerator
  ) -> Region {
    let shapes = 3.0 / 4...4.0 / 3
    for _ in 0..<10 {
      let area = Double(size.width * size.height) * draw(from: scale, using: &generator)
      let shape = exp(draw(from: log(shapes.lowerBound)...log(shapes.upperBound), using: &generator))
      let width = Int((area * shape).squareRoot().rounded(.toNearestOrEven))
      let height = Int((area / shape).squareRoot().rounded(.toNearestOrEven))
      if (1...size.width).contains(width), (1...size.height).contains(height) {
        let y = draw(below: size.height - height + 1, using: &generator)
        let x = draw(below: size.width - width + 1, using: &generator)
        return Region(x: x, y: y, size: PictureSize(width: width, height: height))
      }
    }
    var width = size.width
    var height = size.height
    if Double(width) / Double(height) < shapes.lowerBound {
      height = Int((Double(width) / shapes.lowerBound).rounded(.toNearestOrEven))
    } else if Double(width) / Double(height) > shapes.upperBound {
      width = Int((Double(height) * shapes.upperBound).rounded(.toNearestOrEven))
    }
    let part = PictureSize(width: width, height: height)
    return Region(x: (size.width - width) / 2, y: (size.height - height) / 2, size: part)
  }

  /// Uniform in 0..<count by one number. Unlike the standard library's, this can never change with a Swift version; its
  /// bias, count / 2^64, cannot be seen.
  private static func draw(below count: Int, using generator: inout some RandomNumberGenerator) -> Int {
    Int(generator.next().multipliedFullWidth(by: UInt64(count)).high)
  }

  /// Uniform in a range, by one number of 53 bits.
  private static func draw(
    from range: ClosedRange<Double>, using generator: inout some RandomNumberGenerator
  ) -> Double {
    let unit = Double(generator.next() >> 11) * 0x1p-53
    return range.lowerBound + (range.upperBound - range.lowerBound) * unit
  }
}

extension Framing {
  /// The middle square of the picture scaled by its shortest side: how models are evaluated.
  ///
  /// The long side's margin is halved; where it is odd, the programs that models come from differ in the half pixel, and
  /// where it is 3 more than a multiple of 4, their squares lie one pixel apart.
  ///
  /// - Parameters:
  ///   - pixels: side of the square, at least 1.
  ///   - rounding: what becomes of the half pixel: `.toNearestOrEven` is torchvision's `Resize` and `CenterCrop`, hence
  ///     OpenAI's and open_clip's preprocessing; `.down` is Transformers'.
  public static func center(
    of size: PictureSize, pixels: Int, rounding: FloatingPointRoundingRule
  ) -> Framing {
    let scaled = size.withShortestSide(pixels)
    func margin(_ length: Int) -> Int { Int((Double(length - pixels) / 2).rounded(rounding)) }
    let window = Region(
      x: margin(scaled.width), y: margin(scaled.height), size: PictureSize(width: pixels, height: pixels))
    return Framing(source: Region(all: size), scaled: scaled, window: window)
  }
}
