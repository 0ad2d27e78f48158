public import Evaluation

/// How fast the global loss is, and what it takes.
public struct LossReport: BenchmarkReport, Sendable {
  let batch: Int
  let dimension: Int
  let precision: String
  let repeats: Int
  let seconds: Double
  let bestSeconds: Double
  /// What multiplied, as people know it.
  let products: String
  /// Operations of the four products of all pictures, all captions and an embedding's numbers, over the median.
  let gflops: Double
  let loss: Double
  let peakMemoryBytes: Int
  let memoryAboveInputsBytes: Int
  let bytesSent: Int

  private func summary(_ machine: Machine) -> String {
    "batch \(batch), \(dimension) dimensions, \(precision), \(machine.workers)"
  }

  /// A line for each figure.
  public func text(on machine: Machine) -> String {
    var table = Table("loss and gradients")
    table.add("median of \(repeats)", Figure.seconds(seconds))
    table.add("best", Figure.seconds(bestSeconds))
    table.add("Gflop/s, by \(products)", Figure.digits(gflops))
    table.add("loss", String(describing: loss))
    table.add("peak memory of a rank", Figure.bytes(peakMemoryBytes))
    table.add("above its embeddings", Figure.bytes(memoryAboveInputsBytes))
    table.add("sent by a rank", Figure.bytes(bytesSent))
    return ([summary(machine), machine.processor, ""] + table.lines).joined(separator: "\n")
  }

  /// Median and best as bars.
  public func chart(on machine: Machine) -> BarChart {
    BarChart(
      title: "The contrastive loss of \(batch) pairs, with its gradients",
      subtitles: [summary(machine), machine.processor, "\(Figure.bytes(memoryAboveInputsBytes)) above the embeddings"],
      unit: "seconds",
      bars: [
        .init("median of \(repeats)", [seconds], figure: Figure.seconds(seconds)),
        .init("best", [bestSeconds], figure: Figure.seconds(bestSeconds)),
      ])
  }
}
