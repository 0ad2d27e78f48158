public import Evaluation

/// How fast the partners of pictures and captions are ranked, and what it takes.
public struct RetrievalReport: BenchmarkReport, Sendable {
  let samples: Int
  let dimension: Int
  let repeats: Int
  let seconds: Double
  let bestSeconds: Double
  /// Operations of the product of all pictures with all captions, once, over the best time.
  let gflops: Double
  /// The single-precision products of this machine, measured in the same run.
  let gemmGflops: Double
  let fractionOfPeak: Double
  let recallAt10: Double
  /// Of the rank that took the most, while it ranked.
  let peakMemoryBytes: Int
  let memoryAboveInputsBytes: Int

  private func summary(_ machine: Machine) -> String {
    "\(samples) pictures and as many captions, \(dimension) dimensions, \(machine.workers)"
  }

  /// A line for each figure.
  public func text(on machine: Machine) -> String {
    var table = Table("ranks in both directions")
    table.add("median of \(repeats)", Figure.seconds(seconds))
    table.add("best", Figure.seconds(bestSeconds))
    table.add("Gflop/s", Figure.digits(gflops))
    table.add("of the peak \(Figure.digits(gemmGflops))", Figure.percent(fractionOfPeak))
    table.add("R@10 of these embeddings", Figure.digits(recallAt10))
    table.add("peak memory of a rank", Figure.bytes(peakMemoryBytes))
    table.add("above its embeddings", Figure.bytes(memoryAboveInputsBytes))
    return ([summary(machine), machine.processor, ""] + table.lines).joined(separator: "\n")
  }

  /// The rate beside the machine's.
  public func chart(on machine: Machine) -> BarChart {
    BarChart(
      title: "Ranking \(samples) pictures and captions by each other",
      subtitles: [summary(machine), machine.processor, "\(Figure.bytes(peakMemoryBytes)) of memory"],
      unit: "Gflop/s",
      bars: [
        .init("ranking", [gflops], figure: "\(Figure.digits(gflops)) (\(Figure.seconds(bestSeconds)))"),
        .init("matrix products", [gemmGflops], figure: Figure.digits(gemmGflops)),
      ])
  }
}
