import Collectives
public import Training

/// What a run will take, and how long a step may last at the rates measured here.
public struct PlanReport: Encodable, Sendable {
  let ranks: Int
  let threads: Int
  let parameters: Int
  let globalBatch: Int
  let pairsPerRank: Int
  let microBatches: Int
  let memory: RunPlan.Memory
  let memoryBytes: Int
  let bytesSent: Int
  let checkpointBytes: Int
  let operations: Int
  let gemmGflops: Double
  let secondsPerStep: Double
  let samplesPerSecond: Double

  /// Of a large product's rate, what steps reach: measured 0.7 to 0.8 for ViT-B/32 on several processors.
  private static let efficiency = 0.75
  /// Bytes a second that the optimizer moves on one core, and bytes it moves for a parameter.
  private static let bandwidth = 20e9
  private static let optimizerBytes = 28

  /// Measures a large product on this machine and computes the rest.
  ///
  /// - Parameters:
  ///   - network: bytes a second a rank can send; nil leaves the wire out.
  public init(_ recipe: Recipe, ranks: Int, threads: Int, captionTokens: Int, network: Double?) throws {
    let plan = try RunPlan(recipe, ranks: ranks, threads: threads, captionTokens: captionTokens)
    self.ranks = ranks
    self.threads = threads
    parameters = plan.parameters
    globalBatch = recipe.globalBatch
    pairsPerRank = plan.pairs
    microBatches = plan.microBatches
    memory = plan.memory
    memoryBytes = plan.memory.total
    bytesSent = plan.bytesSent
    checkpointBytes = plan.checkpointBytes
    operations = plan.operations
    gemmGflops = try GEMMBenchmark(precision: recipe.precision).peak(in: SoloCommunicator()).ownGflops
    let own = recipe.shard == .none ? plan.parameters : plan.parameters / ranks
    secondsPerStep =
      Double(plan.operations) / (gemmGflops * 1e9 * Self.efficiency) + Double(own * Self.optimizerBytes)
      / Self.bandwidth + (network.map { Double(plan.bytesSent) / $0 } ?? 0)
    samplesPerSecond = Double(recipe.globalBatch) / secondsPerStep
  }

  /// Several lines, for a terminal.
  public func text() -> String {
    var table = Table("of a rank")
    table.add("pairs a step", "\(pairsPerRank) in \(microBatches) micro-batch\(microBatches == 1 ? "" : "es")")
    table.add("memory", Figure.bytes(memoryBytes))
    table.add("  parameters, gradients, moments", Figure.bytes(memory.parameters))
    table.add("  activations", Figure.bytes(memory.activations))
    table.add("  embeddings and loss", Figure.bytes(memory.embeddings))
    table.add("  copy of a checkpoint's share", Figure.bytes(memory.checkpoint))
    table.add("  program, libraries, buffers", Figure.bytes(memory.rest))
    table.add("sent a step", Figure.bytes(bytesSent))
    table.add("operations a step", "\(Figure.digits(Double(operations) / 1e9)) GFLOP")
    var run = Table("of the run")
    run.add("parameters", "\(parameters)")
    run.add("checkpoint", Figure.bytes(checkpointBytes))
    run.add("step, at \(Figure.digits(gemmGflops)) GFLOP/s measured here", Figure.seconds(secondsPerStep))
    run.add("samples a second", Figure.digits(samplesPerSecond))
    return (table.lines + [""] + run.lines).joined(separator: "\n")
  }
}
