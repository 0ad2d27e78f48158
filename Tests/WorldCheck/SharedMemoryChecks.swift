import Collectives
import Foundation
import Tensors
import Towers
import Training

/// What a rank of a model whose blocks ranks share reserves, and that nothing is ever larger, from the first to the last.
/// Blocks are updated on the way back, so that there are gradients of one of them at a time.
struct SharedMemoryChecks {
  private let world: any Communicator
  // 25 M parameters, nearly all of them in eight blocks.
  private let configuration = ModelConfiguration(
    embedDim: 16,
    vision: VisionConfiguration(imageSize: 16, patchSize: 8, layers: 7, width: 512, headWidth: 64),
    text: TextConfiguration(contextLength: 8, vocabularySize: 1000, width: 512, heads: 8, layers: 1))

  init(_ world: any Communicator) {
    self.world = world
  }

  func run(_ checks: inout Checks) throws {
    try FileHandle(forWritingTo: URL(fileURLWithPath: "/proc/self/clear_refs")).write(contentsOf: Data("5".utf8))
    let before = try peakBytes()
    var recipe = Recipe(model: .custom(configuration))
    recipe.precision = .fp32
    recipe.shard = .parameters
    let step = TrainingStep(configuration, pairs: 1, recipe: recipe, in: world)
    step.towers.parameters.initialize(seed: 1)
    let batch = MicroBatch(
      pictures: PackedPictures(
        pixels: [UInt8](repeating: 7, count: 16 * 16 * 3), count: 1, mean: [0.5, 0.5, 0.5],
        deviation: [0.25, 0.25, 0.25]),
      captions: PackedCaptions([[1, 2, 3]]))
    try step.embed([batch])
    let contrast = try step.contrast()
    try step.backward([batch], from: contrast, step: 1, learningRate: 1e-3)
    try step.optimize(norm: try step.reduce())

    let reserved = step.towers.parameters.byteCount + step.moments.byteCount, expected = arithmetic()
    try checks.expect(
      "a rank of \(world.size) reserves what its slices and the largest block take", reserved == expected,
      "\(reserved) bytes, expected \(expected)")
    let peak = try peakBytes() - before
    // What products and messages go through besides; the whole model takes 403 MB.
    let most = expected + step.towers.workspaceBytes + 24_000_000
    try checks.expect("a rank of \(world.size) never has more in memory", peak <= most, "\(peak) bytes of \(most)")
  }

  /// Bytes of values, gradients and moments by the names of parameters alone.
  private func arithmetic() -> Int {
    let shapes = TwoTowers.parameterShapes(of: configuration)
    // Neighbours that belong to the same block, or to none; the table of tokens is one of its own.
    var stretches: [(block: String?, count: Int)] = []
    for (name, shape) in shapes {
      let parts = name.split(separator: ".")
      let block =
        name == Self.table
        ? name : parts.firstIndex(of: "resblocks").map { parts[...($0 + 1)].joined(separator: ".") }
      let count = (shape.reduce(1, *) + 15) / 16 * 16
      if let last = stretches.last, last.block == block {
        stretches[stretches.count - 1].count += count
      } else {
        stretches.append((block, count))
      }
    }
    let all = stretches.reduce(0) { $0 + $1.count }
    let between = stretches.reduce(0) { $0 + ($1.block == nil ? $1.count : 0) }
    let largest = stretches.filter { $0.block != nil }.map(\.count).max() ?? 0
    guard world.size > 1 else { return 12 * all + 4 * between + 4 * largest }
    func slice(_ count: Int) -> Int {
      let length = (count / 16 + world.size - 1) / world.size * 16
      return max(0, min(length, count - world.rank * length))
    }
    return stretches.reduce(4 * between + 8 * largest) { bytes, stretch in
      let isWhole = stretch.block == nil || stretch.block == Self.table
      return bytes + 4 * (isWhole ? stretch.count : slice(stretch.count)) + 8 * slice(stretch.count)
    }
  }

  /// What is smaller than a block here, and lies in one part.
  private static let table = "token_embedding.weight"

  /// The largest resident set of this process since the mark was last reset.
  private func peakBytes() throws -> Int {
    let line = try String(contentsOfFile: "/proc/self/status", encoding: .utf8).split(separator: "\n")
      .first { $0.hasPrefix("VmHWM:") }
    return (line?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 1024
  }
}
