import Checkpoints
import Tensors
import Testing
import Towers

/// States inside of both towers against those recorded in open_clip's (Tests/Golden/golden.py), and what they lead to.
@Suite struct HiddenStatesTests {
  private static let names = GoldenTests.names + ["residual"]

  /// A case with the running statistics its states were recorded with.
  private func prepared(_ name: String) throws -> (case: GoldenCase, towers: TwoTowers, expected: SafetensorsFile) {
    let golden = try GoldenCase(name)
    let expected = try golden.file("hidden")
    return (golden, try golden.towers(.fp32, statistics: expected), expected)
  }

  @Test(arguments: names) func picturesEqualOpenCLIP(name: String) throws {
    let (golden, towers, expected) = try prepared(name)
    let vision = golden.configuration.vision
    let plain = Tensor(rows: 1, columns: golden.configuration.embedDim)
    try towers.embed(golden.batch(0..<1).pictures, into: plain)
    for layer in 0...vision.hiddenLayers {
      let shape = vision.hiddenShape(after: layer)
      let recorded = try expected.tensor("image_hidden.\(layer)")
      #expect([1, shape.rows, shape.columns] == recorded.shape)
      let states = Tensor(rows: shape.rows, columns: shape.columns)
      let embeddings = Tensor(rows: 1, columns: plain.columns)
      try towers.embed(golden.batch(0..<1).pictures, into: embeddings, states: states, after: layer)
      try expectClose(states, recorded.values(), 1e-4, "states after \(layer)")
      #expect(embeddings.values == plain.values, "embedding beside the states after \(layer)")
    }
  }

  @Test(arguments: names) func captionsEqualOpenCLIP(name: String) throws {
    let (golden, towers, expected) = try prepared(name)
    let text = golden.configuration.text
    let recorded = try expected.tensor("text_hidden")
    let captions = golden.batch(0..<recorded.shape[0]).captions
    let states = Tensor(rows: recorded.shape[0] * text.hiddenShape.rows, columns: text.hiddenShape.columns)
    try towers.states(of: captions, after: text.hiddenLayers, normalizing: true, into: states)
    try expectClose(states, recorded.values(), 1e-4, "states after the norm")
    for layer in 0...text.hiddenLayers {
      try towers.states(of: captions, after: layer, normalizing: false, into: states)
      try expectClose(
        states, expected.tensor("text_hidden.\(layer)").values(), 1e-4, "states after \(layer)")
    }
  }

  /// The class token after `ln_post` and the end token after `ln_final`, projected and brought to length 1, are the
  /// embeddings.
  @Test(arguments: GoldenTests.names) func pooledStatesLeadToTheEmbeddings(name: String) throws {
    let (golden, towers, _) = try prepared(name)
    let model = golden.configuration, batch = golden.batch(0..<golden.batchSize)
    func parameter(_ name: String) throws -> Tensor {
      try #require(towers.parameters.parameters.first { $0.name == name }).values
    }
    func embedded(_ rows: Tensor, _ projection: String) throws -> Tensor {
      let features = Tensor(rows: rows.rows, columns: model.embedDim)
      multiply(rows, try parameter(projection), into: features)
      normalizeRows(features, into: features, inverseNorms: Tensor(rows: rows.rows, columns: 1))
      return features
    }
    let vision = model.vision
    let tokens = Tensor(rows: batch.count * vision.tokens, columns: vision.width)
    let images = Tensor(rows: batch.count, columns: model.embedDim)
    try towers.embed(batch.pictures, into: images, states: tokens, after: vision.hiddenLayers)
    let classes = Tensor(rows: batch.count, columns: vision.width)
    gatherRows(of: tokens, (0..<batch.count).map { Int32($0 * vision.tokens) }, into: classes)
    let normalized = Tensor(rows: batch.count, columns: vision.width)
    layerNorm(
      classes, weight: try parameter("visual.ln_post.weight"), bias: try parameter("visual.ln_post.bias"),
      into: normalized, statistics: nil)
    expectClose(try embedded(normalized, "visual.proj"), images.values, 1e-5, "pictures")

    let text = model.text
    let states = Tensor(rows: batch.count * text.contextLength, columns: text.width)
    try towers.states(of: batch.captions, after: text.layers, normalizing: true, into: states)
    let offsets = batch.captions.segments.offsets
    let ends = (0..<batch.count).map { Int32($0 * text.contextLength) + offsets[$0 + 1] - offsets[$0] - 1 }
    let last = Tensor(rows: batch.count, columns: text.width)
    gatherRows(of: states, ends, into: last)
    let captions = Tensor(rows: batch.count, columns: model.embedDim)
    try towers.embed(batch.captions, into: captions)
    expectClose(try embedded(last, "text_projection"), captions.values, 1e-5, "captions")
  }
}
