public import Evaluation

/// How fast an index is looked through, and what it takes.
public struct SearchReport: BenchmarkReport, Sendable {
  let samples: Int
  let dimension: Int
  let queries: Int
  let top: Int
  let repeats: Int
  let indexBytes: Int
  /// Where the system has the file in memory.
  let seconds: Double
  let bestSeconds: Double
  /// Of the best search.
  let bytesPerSecond: Double
  /// Where it comes from the disk.
  let diskSeconds: Double
  /// While it was written and looked through.
  let peakMemoryBytes: Int

  private func summary(_ machine: Machine) -> String {
    "\(queries) queries, top \(top) of \(samples) pictures, \(dimension) dimensions, \(machine.workers)"
  }

  /// A line for each figure.
  public func text(on machine: Machine) -> String {
    var table = Table("looks through an index of \(Figure.bytes(indexBytes))")
    table.add("median of \(repeats)", Figure.seconds(seconds))
    table.add("best", Figure.seconds(bestSeconds))
    table.add("of the index", Figure.bytes(Int(bytesPerSecond)) + "/s")
    table.add("from the disk", Figure.seconds(diskSeconds))
    table.add("peak memory", Figure.bytes(peakMemoryBytes))
    return ([summary(machine), machine.processor, ""] + table.lines).joined(separator: "\n")
  }

  /// The times beside each other.
  public func chart(on machine: Machine) -> BarChart {
    let unit = Figure.unit(for: max(bestSeconds, diskSeconds))
    return BarChart(
      title: "Looking through \(samples) embeddings",
      subtitles: [
        summary(machine), machine.processor,
        "\(Figure.bytes(indexBytes)) in a file, \(Figure.bytes(peakMemoryBytes)) of memory",
      ],
      unit: unit.name,
      bars: [("the file in memory", bestSeconds), ("from the disk", diskSeconds)].map { name, seconds in
        .init(name, [seconds * unit.perSecond], figure: Figure.seconds(seconds))
      })
  }
}
