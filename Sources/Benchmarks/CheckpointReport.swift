public import Evaluation

/// How fast checkpoints are written and read.
public struct CheckpointReport: BenchmarkReport, Sendable {
  let recipe: String
  /// Of all tensors.
  let bytes: Int
  /// Until the checkpoint is durable.
  let writeSeconds: Double
  let writeBytesPerSecond: Double
  /// With comparing every digest; what was just written comes from memory where it fits.
  let readSeconds: Double
  let readBytesPerSecond: Double

  init(recipe: String, bytes: Int, writeSeconds: Double, readSeconds: Double) {
    self.recipe = recipe
    self.bytes = bytes
    self.writeSeconds = writeSeconds
    self.readSeconds = readSeconds
    writeBytesPerSecond = Double(bytes) / writeSeconds
    readBytesPerSecond = Double(bytes) / readSeconds
  }

  /// A line each for writing and reading.
  public func text(on machine: Machine) -> String {
    var table = Table("a checkpoint of \(recipe), \(Figure.bytes(bytes))", "time", "MB/s")
    table.add(
      "write, until it is durable", Figure.seconds(writeSeconds), Figure.digits(writeBytesPerSecond / 1e6))
    table.add("verify and read", Figure.seconds(readSeconds), Figure.digits(readBytesPerSecond / 1e6))
    return ([machine.processor, ""] + table.lines).joined(separator: "\n")
  }

  /// A bar each for writing and reading.
  public func chart(on machine: Machine) -> BarChart {
    BarChart(
      title: "A checkpoint of \(recipe), \(Figure.bytes(bytes))", subtitles: [machine.processor], unit: "MB/s",
      bars: [("write", writeBytesPerSecond, writeSeconds), ("verify and read", readBytesPerSecond, readSeconds)]
        .map { name, rate, seconds in
          BarChart.Bar(
            name, [rate / 1e6], figure: "\(Figure.digits(rate / 1e6)) in \(Figure.seconds(seconds))")
        })
  }
}
