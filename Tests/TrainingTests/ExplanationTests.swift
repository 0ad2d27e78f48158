import Checkpoints
import Tensors
import Testing
import Towers

/// Gradients of a similarity against PyTorch's autograd (Tests/Golden/golden.py), and against what happens when pixels
/// change.
@Suite struct ExplanationTests {
  /// A case with the running statistics its explanation was made with.
  private func prepared(_ name: String) throws -> (case: GoldenCase, towers: TwoTowers, expected: SafetensorsFile) {
    let golden = try GoldenCase(name)
    let expected = try golden.file("explanation")
    return (golden, try golden.towers(.fp32, statistics: expected), expected)
  }

  @Test(arguments: GoldenTests.names + ["residual"]) func equalsAutograd(name: String) throws {
    let (golden, towers, expected) = try prepared(name)
    let texts = try expected.tensor("similarity").shape[0]
    let before = towers.parameters.values.values
    let found = try towers.similarityGradients(
      of: golden.batch(0..<1).pictures, with: golden.batch(0..<texts).captions)
    let features = try expected.tensor("features")
    #expect([found.features.rows, found.features.columns, found.features.channels] == features.shape)
    func compare(_ values: [Float], _ name: String) throws {
      try expectClose(Tensor(values, columns: values.count), expected.tensor(name).values(), 1e-4, name)
    }
    try compare(found.features.values, "features")
    try compare(found.captions.map(\.similarity), "similarity")
    try compare(found.captions.flatMap(\.pixels), "pixel_gradient")
    try compare(found.captions.flatMap(\.features), "feature_gradient")
    // One text's numbers do not depend on the others, and nothing moved.
    let alone = try towers.similarityGradients(
      of: golden.batch(0..<1).pictures, with: golden.batch(1..<2).captions)
    #expect(alone.captions[0].pixels == found.captions[1].pixels)
    #expect(towers.parameters.values.values == before)
  }

  /// A step of all pixels along the gradient changes the cosine by the gradient's length times the step.
  @Test(arguments: ["exact-gelu", "residual"]) func pixelsChangeTheCosineAsTold(name: String) throws {
    let (golden, towers, _) = try prepared(name)
    let picture = golden.batch(0..<1).pictures, captions = golden.batch(2..<3).captions
    let deviation = picture.deviation
    let found = try towers.similarityGradients(of: picture, with: captions).captions[0]
    let pixels = found.pixels.count / 3
    // Bytes are whole: those that can move a step do, up where the cosine grows and down where it falls.
    let bytes = Array(picture.pixels.bytes)
    var expected = 0.0
    func moved(_ sign: Int) -> PackedPictures {
      var moved = bytes
      expected = 0
      for index in bytes.indices {
        let (pixel, channel) = (index / 3, index % 3)
        let gradient = found.pixels[channel * pixels + pixel]
        let step = gradient > 0 ? sign : -sign
        guard (1...254).contains(bytes[index]) else { continue }
        moved[index] = UInt8(Int(bytes[index]) + step)
        expected += Double(abs(gradient)) / (255 * Double(deviation[channel]))
      }
      return PackedPictures(pixels: moved, count: 1, mean: picture.mean, deviation: deviation)
    }
    let up = try towers.similarityGradients(of: moved(1), with: captions).captions[0].similarity
    let down = try towers.similarityGradients(of: moved(-1), with: captions).captions[0].similarity
    let slope = Double(up - down) / 2
    #expect(abs(slope - expected) <= 0.03 * expected, "found \(slope), expected \(expected)")
  }
}
