import Checkpoints
import Testing
import Towers

/// Tables of positions of another size, against what PyTorch makes of them (Tests/Golden/positions.py).
@Suite struct PositionTableTests {
  struct Case {
    let name: String, table: [Float], fitted: [Float], width: Int
    /// `4x4` or `16`: the old size and the new.
    let sizes: [[Int]]
  }

  func cases(_ kind: String) throws -> [Case] {
    let tensors = try SafetensorsFile(Scratch.fixture("positions.safetensors")).tensors
    return try tensors.filter { $0.name.hasPrefix(kind) && $0.name.hasSuffix(".table") }.map { table in
      let parts = table.name.split(separator: ".")
      let name = parts.dropLast().joined(separator: ".")
      let fitted = try #require(tensors.first { $0.name == "\(name).fitted" })
      return Case(
        name: name, table: try table.values(), fitted: try fitted.values(), width: table.shape[1],
        sizes: parts[1...2].map { $0.split(separator: "x").compactMap { Int($0) } })
    }
  }

  func expectClose(_ found: [Float], _ expected: [Float], _ name: String) {
    #expect(found.count == expected.count, "\(name)")
    let error = zip(found, expected).map { abs($0 - $1) }.max() ?? .infinity
    let largest = expected.map(abs).max() ?? 0
    #expect(error <= 1e-6 * largest, "\(name): off by \(error / largest) of the largest")
  }

  @Test func gridsAreInterpolatedAsPyTorchDoes() throws {
    let cases = try cases("grid.")
    #expect(cases.count == 10)
    for one in cases {
      let grids = one.sizes.map { PositionGrid(height: $0[0], width: $0[1]) }
      let found = PositionTable(one.table, width: one.width).fitted(from: grids[0], to: grids[1])
      expectClose(found, one.fitted, one.name)
      #expect(found[..<one.width] == one.table[..<one.width], "\(one.name): the first row")
      if grids[0] == grids[1] { #expect(found == one.table, "\(one.name)") }
    }
  }

  @Test func textsAreInterpolatedAsPyTorchDoes() throws {
    let cases = try cases("text.")
    #expect(cases.count == 5)
    for one in cases {
      let found = PositionTable(one.table, width: one.width).fitted(toLength: one.sizes[1][0])
      expectClose(found, one.fitted, one.name)
    }
  }

  /// Weights of the fixture, whose pictures have 2 × 2 patches of 8 pixels and whose texts 8 tokens.
  let weights = Result { try Weights.open(Scratch.fixture("open_clip")) }

  @Test func weightsAreFittedToTheModel() throws {
    let weights = try weights.get()
    var model = weights.configuration
    #expect(weights.fittingPositions(to: model).changes.isEmpty)
    (model.vision.imageHeight, model.vision.imageWidth) = (24, 24)
    model.text.contextLength = 12
    let (fitted, changes) = weights.fittingPositions(to: model)
    #expect(
      changes.sorted() == [
        "positional_embedding: interpolated from 8 positions to 12",
        "visual.positional_embedding: interpolated from 2 × 2 positions to 3 × 3, the first row kept",
      ])
    try fitted.check(against: TwoTowers.parameterShapes(of: model))
    #expect(fitted.configuration == model)
    for (tensor, old) in zip(fitted.tensors, weights.tensors) {
      #expect(tensor.name == old.name)
      let isTable = tensor.name.hasSuffix("positional_embedding")
      #expect(try (tensor.values() == old.values()) == !isTable, "\(tensor.name)")
      #expect(try tensor.values().count == tensor.count, "\(tensor.name)")
    }
  }

  @Test func aPoolOfAResNetIsFittedAsWell() throws {
    func model(_ side: Int) -> ModelConfiguration {
      ModelConfiguration(
        embedDim: 6, vision: VisionConfiguration(imageSize: side, stages: [1, 1, 1, 1], width: 2, headWidth: 32),
        text: TextConfiguration(contextLength: 8, vocabularySize: 20, width: 64, heads: 1, layers: 1))
    }
    let path = "\(try Scratch.directory())/model"
    let tensors = TwoTowers.parameterShapes(of: model(64)).map { name, shape in
      WeightTensor(name, shape: shape) { (0..<shape.reduce(1, *)).map { Float($0 % 13) } }
    }
    try ModelDirectory.write(
      tensors, of: model(64), as: .openCLIP, into: path, usesCLIPVocabulary: true, writeTokenizer: { _ in })
    let weights = try Weights.open(path)
    let (fitted, changes) = weights.fittingPositions(to: model(96))
    #expect(
      changes == [
        "visual.attnpool.positional_embedding: interpolated from 2 × 2 positions to 3 × 3, the first row kept"
      ])
    try fitted.check(against: TwoTowers.parameterShapes(of: model(96)))
    let name = "visual.attnpool.positional_embedding"
    let found = try #require(fitted[name]).values()
    #expect(found.count == 10 * 64)
    #expect(try found[..<64] == #require(weights[name]).values()[..<64])
  }

  /// Not even the size is made to fit, so that the complaint names what the file holds.
  @Test func anotherWidthStaysAnError() throws {
    let weights = try weights.get()
    var model = weights.configuration
    (model.vision.imageHeight, model.vision.imageWidth, model.vision.width) = (24, 24, 32)
    let (fitted, changes) = weights.fittingPositions(to: model)
    #expect(changes.isEmpty)
    let error = #expect(throws: (any Error).self) { try fitted.check(against: TwoTowers.parameterShapes(of: model)) }
    #expect("\(error as Any)".contains("tensor visual.positional_embedding has shape [5, 16], expected [10, 32]"))
  }
}
