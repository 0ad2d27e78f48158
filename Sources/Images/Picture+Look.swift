import Glibc

extension Picture {
  /// What the picture looks like, in 64 bits: pictures that differ in size, compression or small marks have nearly all
  /// of them in common, others about half. Nil for a picture without features, which would look like any other such.
  ///
  /// A perceptual hash of the usual kind: the picture as 32 × 32 grays, of its cosine transform the 8 × 8 lowest
  /// frequencies without the constant ones, and of each whether it is above their median.
  public var look: UInt64? {
    let side = 32
    let grays = resized(to: PictureSize(width: side, height: side)).grays
    let kept = 8
    let waves = (1...kept).map { frequency in
      (0..<side).map { place in cos(Double(frequency) * (Double(place) + 0.5) * .pi / Double(side)) }
    }
    // (side, kept): the rows' frequencies.
    let rows = (0..<side).map { row in
      waves.map { wave in (0..<side).reduce(0.0) { $0 + wave[$1] * grays[row * side + $1] } }
    }
    let frequencies = waves.flatMap { wave in
      (0..<kept).map { column in (0..<side).reduce(0.0) { $0 + wave[$1] * rows[$1][column] } }
    }
    let sorted = frequencies.sorted()
    let median = (sorted[31] + sorted[32]) / 2
    // A wave of one gray level all over makes this; below it there is nothing but rounding.
    let faint = Double(side * side) / 4
    guard frequencies.contains(where: { abs($0) > faint }) else { return nil }
    return frequencies.enumerated().reduce(0) { $1.element > median ? $0 | 1 << UInt64($1.offset) : $0 }
  }

  /// Each pixel's luma by ITU-R BT.601, 0 to 255.
  private var grays: [Double] {
    let weights = [0.299, 0.587, 0.114]
    return (0..<width * height).map { pixel in
      weights.indices.reduce(0.0) { $0 + weights[$1] * Double(pixels[3 * pixel + $1]) }
    }
  }
}
