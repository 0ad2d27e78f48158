public import Evaluation

/// How fast checkpoints are written and read.
public struct CheckpointReport: BenchmarkReport, Sendable {
  let recipe: String
  /// Of all numbers.
  let bytes: Int
  /// What training waits for: each rank copies its share.
  let copySeconds: Double
  /// Until the checkpoint is durable.
  let writeSeconds: Double
  let writeBytesPerSecond: Double
  /// From the disk, with comparing every digest.
  let readSeconds: Double
  let readBytesPerSecond: Double
  /// From the disk, as `cat` reads.
  let plainReadSeconds: Double

  init(
    recipe: String, bytes: Int, copySeconds: Double, writeSeconds: Double, readSeconds: Double, plainReadSeconds: Double
  ) {
    self.recipe = recipe
    self.bytes = bytes
    self.copySeconds = copySeconds
    self.writeSeconds = writeSeconds
    self.readSeconds = readSeconds
    self.plainReadSeconds = plainReadSeconds
    writeBytesPerSecond = Double(bytes) / writeSeconds
    readBytesPerSecond = Double(bytes) / readSeconds
  }

  private var rows: [(name: String, seconds: Double)] {
    [
      ("copy, for which training waits", copySeconds), ("write, until it is durable", writeSeconds),
      ("verify and read, from the disk", readSeconds), ("read as cat does, from the disk", plainReadSeconds),
    ]
  }

  /// A line each for copying, writing and reading.
  public func text(on machine: Machine) -> String {
    var table = Table("a checkpoint of \(recipe), \(Figure.bytes(bytes))", "time", "MB/s")
    for (name, seconds) in rows {
      table.add(name, Figure.seconds(seconds), Figure.digits(Double(bytes) / seconds / 1e6))
    }
    return ([machine.processor, ""] + table.lines).joined(separator: "\n")
  }

  /// A bar each for copying, writing and reading.
  public func chart(on machine: Machine) -> BarChart {
    BarChart(
      title: "A checkpoint of \(recipe), \(Figure.bytes(bytes))", subtitles: [machine.processor], unit: "MB/s",
      bars: rows.map { name, seconds in
        let rate = Double(bytes) / seconds / 1e6
        return BarChart.Bar(name, [rate], figure: "\(Figure.digits(rate)) in \(Figure.seconds(seconds))")
      })
  }
}
