import Collectives
import Foundation
import Tensors
import Towers
import Training

/// What a sharded optimizer leaves of the memory for moments: reserved, and resident after a step.
struct MemoryChecks {
  private let world: any Communicator
  // 17 M parameters, all of them in one table of tokens but for a few.
  private let configuration = ModelConfiguration(
    embedDim: 16,
    vision: VisionConfiguration(imageSize: 16, patchSize: 8, layers: 1, width: 64, headWidth: 16),
    text: TextConfiguration(contextLength: 8, vocabularySize: 131_072, width: 128, heads: 2, layers: 1))

  init(_ world: any Communicator) {
    self.world = world
  }

  func run(_ checks: inout Checks) throws {
    let whole = try step(.none), sharded = try step(.optimizer)
    try checks.expect(
      "whole moments take 8 bytes a parameter", whole.reserved == 8 * whole.count, "\(whole.reserved) bytes")
    let slice = whole.units.reduce(0) { slice, unit in
      let length = (unit / 16 + world.size - 1) / world.size * 16
      return slice + max(0, min(length, unit - world.rank * length))
    }
    try checks.expect(
      "sharded moments take 8 bytes a parameter of a slice", sharded.reserved == 8 * slice, "\(sharded.reserved) bytes")
    // Memory the pieces travel through is the same for both.
    let saved = Double(whole.resident - sharded.resident), expected = Double(8 * (whole.count - slice))
    try checks.expect(
      "resident memory falls by as much", abs(saved - expected) <= max(0.1 * expected, 8e6),
      "by \(saved) bytes, expected \(expected)")
  }

  /// Takes a step and looks at the memory.
  private func step(_ shard: Sharding) throws -> (count: Int, units: [Int], reserved: Int, resident: Int) {
    let before = try residentBytes()
    let towers = TwoTowers(configuration, precision: .fp32, forTraining: true)
    towers.parameters.initialize(seed: 1)
    let reduction = Reduction(of: towers.parameters, shard, by: SliceExchange(Recipe.paper.reduction, in: world))
    let optimizer = Optimizer(Recipe.paper.optimizer, reduction.makeMoments())
    towers.parameters.gradients.withMutableFloats { $0.update(repeating: 1e-3) }
    let norm = try reduction.sumGradients()
    optimizer.step(1, towers, learningRate: 1e-3, norm: norm)
    try reduction.gatherValues()
    let resident = try residentBytes() - before
    let units = towers.parameters.stretches.map(\.elements.count)
    return (towers.parameters.count, units, optimizer.moments.byteCount, resident)
  }

  /// Bytes of this process that are in memory now.
  private func residentBytes() throws -> Int {
    let pages = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
    return (Int(pages[1]) ?? 0) * sysconf(Int32(_SC_PAGESIZE))
  }
}
