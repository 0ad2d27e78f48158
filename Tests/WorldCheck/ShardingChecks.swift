import Collectives
import Foundation
import Tensors
import Towers
import Training

/// Several steps of the optimizer, sharded and not, against one rank that sums all gradients itself.
struct ShardingChecks {
  private static let steps = 4
  private let world: any Communicator
  private let settings: OptimizerSettings
  // On two ranks at least three pieces of the reduction, which reuses the memory of a piece for the next but one.
  private let configuration = ModelConfiguration(
    embedDim: 40,
    vision: VisionConfiguration(imageSize: 32, patchSize: 8, layers: 3, width: 176, headWidth: 16),
    text: TextConfiguration(contextLength: 12, vocabularySize: 30000, width: 144, heads: 2, layers: 2))

  init(_ world: any Communicator) {
    self.world = world
    var settings = Recipe.paper.optimizer
    settings.gradientClip = 0.5
    self.settings = settings
  }

  /// What some steps leave.
  private struct Trained {
    let values: [Float]
    let norms: [Double]
  }

  func run(_ checks: inout Checks) throws {
    let alone = try train(.fp32, .none, alone: true)
    for wire in ReductionSettings.Wire.allCases {
      let name = "\(world.size) ranks, \(wire.rawValue) on the wire"
      let whole = try train(wire, .none, alone: false)
      let sharded = try train(wire, .optimizer, alone: false)
      try checks.expect(
        "\(name): a sharded optimizer changes no bit", sharded.values == whole.values && sharded.norms == whole.norms,
        "norms \(sharded.norms), whole \(whole.norms)")
      for (kind, trained) in [("whole", whole), ("sharded", sharded)] {
        try checks.expect("\(name), \(kind): all ranks have the same weights", try isTheSameEverywhere(trained.values))
        try checks.expect("\(name), \(kind): all ranks have the same norm", try isTheSameEverywhere(trained.norms))
      }
      // Norms of single-precision parts are added in another order than alone.
      let normError = zip(whole.norms, alone.norms).map { abs($0 - $1) / $1 }.max() ?? 1
      try checks.expect("\(name): norms", normError <= (wire == .fp32 ? 1e-6 : 1e-2), "off by \(normError)")
      if wire == .fp32 {
        let error = zip(whole.values, alone.values).map { abs($0 - $1) }.max() ?? 1
        let largest = alone.values.map(abs).max() ?? 0
        try checks.expect("\(name): weights are those of one rank", error <= 1e-6 * largest, "off by \(error)")
      } else if world.size > 1 {
        try checks.expect("\(name): something was rounded", whole.values != alone.values)
      }
    }
  }

  /// Takes steps along drawn gradients, of which every rank has its part; alone, a rank adds up all parts in order.
  private func train(_ wire: ReductionSettings.Wire, _ shard: Sharding, alone: Bool) throws -> Trained {
    let world: any Communicator = alone ? SoloCommunicator() : world
    let towers = TwoTowers(configuration, precision: .fp32, forTraining: true)
    towers.parameters.initialize(seed: 3)
    var reduction = Recipe.paper.reduction
    reduction.wire = wire
    let reducing = Reduction(of: towers.parameters, shard, by: SliceExchange(reduction, in: world))
    let optimizer = Optimizer(settings, reducing.makeMoments())
    var norms: [Double] = []
    for step in 1...Self.steps {
      for parameter in towers.parameters.parameters {
        parameter.gradient.withMutableFloats { gradient in
          let ranks = alone ? 0..<self.world.size : world.rank..<world.rank + 1
          for rank in ranks {
            let stream = (step * 64 + rank) * 4096 + parameter.offset
            var generator = CounterGenerator(seed: 11, stream: UInt64(stream))
            for index in gradient.indices {
              let drawn = Float.random(in: -1...1, using: &generator) * 1e-3
              gradient[index] = rank == ranks.lowerBound ? drawn : gradient[index] + drawn
            }
          }
        }
      }
      norms.append(try reducing.sumGradients())
      optimizer.step(step, towers, learningRate: 1e-3, norm: norms[step - 1])
      try reducing.gatherValues()
    }
    return Trained(values: towers.parameters.values.values, norms: norms)
  }

  private func isTheSameEverywhere(_ numbers: [some BinaryFloatingPoint]) throws -> Bool {
    let own = numbers.withUnsafeBytes { Array($0) }
    return try world.broadcast(own) == own
  }
}
