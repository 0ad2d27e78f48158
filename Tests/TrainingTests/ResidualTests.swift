import Checkpoints
import Tensors
import Testing
import Towers

/// Batch norm against what PyTorch makes of the same pictures (Tests/Golden/golden.py), and embedding them twice.
@Suite struct ResidualTests {
  @Test func statisticsFollowOneBatch() throws {
    let golden = try GoldenCase("residual")
    let towers = try golden.towers(.fp32)
    _ = try golden.step(towers, microBatch: golden.batchSize)
    var statistics = 0
    for parameter in towers.parameters.parameters where parameter.isStatistic {
      try expectClose(parameter.values, golden.expected("moved.\(parameter.name)"), 1e-5, parameter.name)
      #expect(parameter.gradient.values.allSatisfy { $0 == 0 })
      statistics += 1
    }
    // A mean, a variance and a count for each of 3 + 6 · 3 + 4 norms.
    #expect(statistics == 3 * 25)
  }

  @Test func picturesAloneTakeTheRunningStatistics() throws {
    let golden = try GoldenCase("residual")
    let towers = try golden.towers(.fp32)
    let before = towers.parameters.values.values
    let found = Tensor(rows: golden.batchSize, columns: golden.configuration.embedDim)
    for row in 0..<golden.batchSize {
      try towers.embed(golden.batch(row..<row + 1).pictures, into: found.rows(row..<row + 1))
    }
    try expectClose(found, golden.expected("image_features_alone"), 1e-4, "embeddings of pictures alone")
    #expect(towers.parameters.values.values == before)
  }

  /// A micro-batch that is embedded a second time is the same, and moves the statistics no further.
  @Test(arguments: [Precision.fp32, .bf16]) func embeddingAgainIsTheSame(precision: Precision) throws {
    let golden = try GoldenCase("residual")
    let once = try golden.towers(precision), twice = try golden.towers(precision)
    let embeddings = Embeddings(count: golden.batchSize, dimension: golden.configuration.embedDim)
    let batch = golden.batch(0..<golden.batchSize)
    once.parameters.beginGradients()
    try once.embed(batch, into: embeddings, keeping: true)
    try once.backward(batch, from: embeddings)
    let kept = embeddings.images.values
    twice.parameters.beginGradients()
    try twice.embed(batch, into: embeddings)
    #expect(embeddings.images.values == kept)
    try twice.backward(batch, from: embeddings)
    for (a, b) in zip(once.parameters.parameters, twice.parameters.parameters) {
      #expect(a.values.values == b.values.values, "\(a.name)")
      #expect(a.gradient.values == b.gradient.values, "gradient of \(a.name)")
    }
  }

  @Test(arguments: [
    ("RN50", 102_007_137), ("RN101", 119_688_033), ("RN50x4", 178_300_601), ("RN50x16", 290_979_217),
    ("RN50x64", 623_258_305), ("ViT-B-32", 151_277_313), ("ViT-B-16", 149_620_737), ("ViT-L-14", 427_616_513),
    ("ViT-L-14-336", 427_944_193),
  ]) func parametersOfThePapersModels(name: String, count: Int) throws {
    let model = try #require(NamedModels.configuration(of: name))
    let shapes = TwoTowers.parameterShapes(of: model)
    let statistics = ["running_mean", "running_var", "num_batches_tracked"]
    let trained = shapes.filter { shape in !statistics.contains { shape.name.hasSuffix($0) } }
    #expect(trained.reduce(0) { $0 + $1.shape.reduce(1, *) } == count)
  }
}
