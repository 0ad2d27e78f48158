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

  /// A level more or less in the pixels that matter most changes the cosine as their gradients say.
  @Test(arguments: ["exact-gelu", "residual"]) func pixelsChangeTheCosineAsTold(name: String) throws {
    let (golden, towers, _) = try prepared(name)
    let picture = golden.batch(0..<1).pictures, captions = golden.batch(2..<3).captions
    let found = try towers.similarityGradients(of: picture, with: captions).captions[0]
    let bytes = Array(picture.pixels.bytes), pixels = bytes.count / 3
    func slope(_ byte: Int) -> Double {
      Double(found.pixels[byte % 3 * pixels + byte / 3]) / (255 * Double(picture.deviation[byte % 3]))
    }
    let chosen = bytes.indices.filter { (1...254).contains(bytes[$0]) }
      .sorted { abs(slope($0)) > abs(slope($1)) }.prefix(24)
    // Up where the cosine grows with the byte and down where it falls, or the other way around.
    func moved(_ sign: Int) throws -> Double {
      var moved = bytes
      for byte in chosen { moved[byte] = UInt8(Int(bytes[byte]) + (slope(byte) > 0 ? sign : -sign)) }
      let changed = PackedPictures(pixels: moved, count: 1, mean: picture.mean, deviation: picture.deviation)
      return Double(try towers.similarityGradients(of: changed, with: captions).captions[0].similarity)
    }
    let change = try (moved(1) - moved(-1)) / 2
    let expected = chosen.reduce(0) { $0 + abs(slope($1)) }
    // Even a level takes some rectifiers of a ModifiedResNet around their corner.
    let tolerance = golden.configuration.vision.isResNet ? 0.1 : 0.03
    #expect(abs(change - expected) <= tolerance * expected, "found \(change), expected \(expected)")
  }
}
