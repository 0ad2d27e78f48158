public import Evaluation

/// How fast the ranks exchange numbers.
public struct CollectivesReport: BenchmarkReport, Sendable {
  /// One operation at one size.
  struct Operation: Encodable, Sendable {
    let operation: String
    /// Of the whole buffer.
    let bytes: Int
    /// The median.
    let seconds: Double
    /// `bytes` over `seconds`.
    let bytesPerSecond: Double

    init(operation: String, bytes: Int, seconds: Double) {
      self.operation = operation
      self.bytes = bytes
      self.seconds = seconds
      bytesPerSecond = Double(bytes) / seconds
    }

    var name: String { operation.replacing("_", with: " ") }
    var rate: String { Figure.digits(bytesPerSecond / 1e9) }
  }

  let recipe: String
  let operations: [Operation]
  /// The sum of all gradients of the recipe's model, of which each rank gets a slice, and the gathering of its values.
  let gradients: Operation
  let values: Operation

  private var ofModel: [(String, Operation)] {
    [("sum of the gradients of \(recipe)", gradients), ("gather of its values", values)]
  }

  /// A line for each operation and size.
  public func text(on machine: Machine) -> String {
    var table = Table("operation", "whole buffer", "time", "GB/s")
    for found in operations {
      table.add(found.name, Figure.bytes(found.bytes), Figure.seconds(found.seconds), found.rate)
    }
    for (what, found) in ofModel {
      table.add(what, Figure.bytes(found.bytes), Figure.seconds(found.seconds), found.rate)
    }
    return (["collectives, \(machine.workers), \(machine.processor)", ""] + table.lines).joined(separator: "\n")
  }

  /// A bar for each operation and size.
  public func chart(on machine: Machine) -> BarChart {
    func bar(_ what: String, _ found: Operation) -> BarChart.Bar {
      BarChart.Bar(
        "\(what), \(Figure.bytes(found.bytes))", [found.bytesPerSecond / 1e9],
        figure: "\(found.rate) in \(Figure.seconds(found.seconds))")
    }
    var names: [String] = []
    for found in operations where !names.contains(found.name) { names.append(found.name) }
    let bars = names.flatMap { name in operations.filter { $0.name == name }.map { bar(name, $0) } }
    return BarChart(
      title: "What the ranks exchange in a second", subtitles: [machine.workers, machine.processor],
      unit: "GB/s of the whole buffer", bars: bars + ofModel.map(bar))
  }
}
