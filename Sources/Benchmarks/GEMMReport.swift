public import Evaluation

/// Rates of matrix products.
public struct GEMMReport: BenchmarkReport, Sendable {
  /// Which of a layer's products.
  public enum Pass: String, Encodable, Sendable, CaseIterable {
    /// `y = x · weightᵀ`.
    case forward
    /// `dx = dy · weight`.
    case inputGradient = "input_gradient"
    /// `dWeight += dyᵀ · x`.
    case weightGradient = "weight_gradient"
  }

  /// One product.
  public struct Product: Encodable, Sendable {
    let tower: String
    let rows: Int
    let inputs: Int
    let outputs: Int
    let pass: Pass
    let seconds: Double
    let gflops: Double
  }

  let precision: String
  let products: [Product]
  let gemmGflops: Double

  /// A table of layers, with a column for each pass.
  public func text(on machine: Machine) -> String {
    var table = Table("layer", "rows", "forward", "input gradient", "weight gradient")
    for index in stride(from: 0, to: products.count, by: Pass.allCases.count) {
      let layer = products[index..<index + Pass.allCases.count]
      let rates = layer.map { Figure.digits($0.gflops) }
      let first = products[index]
      table.add("\(first.tower) \(first.inputs) → \(first.outputs)", "\(first.rows)", rates[0], rates[1], rates[2])
    }
    let side = GEMMBenchmark.peakSide
    table.add("square \(side) → \(side)", "\(side)", Figure.digits(gemmGflops))
    return (["matrix products in GFLOP/s, \(precision), \(machine.workers), \(machine.processor)", ""] + table.lines)
      .joined(separator: "\n")
  }

  /// A bar a product.
  public func chart(on machine: Machine) -> BarChart {
    let side = GEMMBenchmark.peakSide
    let bars = products.map { product in
      let pass = product.pass.rawValue.replacing("_", with: " ")
      return BarChart.Bar(
        "\(product.tower) \(product.inputs) → \(product.outputs), \(pass)", [product.gflops],
        figure: Figure.digits(product.gflops))
    }
    return BarChart(
      title: "Matrix products of ViT-B/32, \(precision)", subtitles: [machine.workers, machine.processor],
      unit: "GFLOP/s, all ranks together",
      bars: bars + [.init("square \(side) → \(side)", [gemmGflops], figure: Figure.digits(gemmGflops))])
  }
}
