public import Evaluation
import Foundation

/// Rates of matrix products: our own, and a library's where that is another.
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
    let librarySeconds: Double?
    let libraryGflops: Double?
    /// Our rate over the library's.
    let ratio: Double?

    init(
      tower: String, rows: Int, inputs: Int, outputs: Int, pass: Pass, operations: Double, own: Durations,
      library: Durations?
    ) {
      self.tower = tower
      self.rows = rows
      self.inputs = inputs
      self.outputs = outputs
      self.pass = pass
      seconds = own.best
      gflops = operations / own.best / 1e9
      librarySeconds = library?.best
      libraryGflops = library.map { operations / $0.best / 1e9 }
      ratio = library.map { $0.best / own.best }
    }

    /// As in `620`, or `620 : 450`.
    fileprivate var figure: String {
      Figure.digits(gflops) + (libraryGflops.map { " : " + Figure.digits($0) } ?? "")
    }
  }

  /// Rates of the large product.
  struct Peak {
    /// What counts as the peak.
    let gflops: Double
    let ownGflops: Double
    /// Nil where ours is the library's.
    let libraryGflops: Double?
  }

  let precision: String
  let library: String
  let products: [Product]
  let gemmGflops: Double
  let ownGemmGflops: Double
  let libraryGemmGflops: Double?

  init(precision: String, library: String, products: [Product], peak: Peak) {
    self.precision = precision
    self.library = library
    self.products = products
    gemmGflops = peak.gflops
    ownGemmGflops = peak.ownGflops
    libraryGemmGflops = peak.libraryGflops
  }

  /// Our rate over the library's for all products of the layers together, in the time they take; nil where ours are
  /// the library's.
  private var ratio: Double? {
    let library = products.compactMap(\.librarySeconds)
    guard library.count == products.count else { return nil }
    return library.reduce(0, +) / products.reduce(0) { $0 + $1.seconds }
  }

  private var peakFigure: String {
    Figure.digits(ownGemmGflops) + (libraryGemmGflops.map { " : " + Figure.digits($0) } ?? "")
  }

  private var title: String {
    ratio == nil ? "\(precision) by \(library)" : "\(precision), ours : \(library)"
  }

  /// A table of layers, with a column for each pass.
  public func text(on machine: Machine) -> String {
    var table = Table("layer", "rows", "forward", "input gradient", "weight gradient")
    for index in stride(from: 0, to: products.count, by: Pass.allCases.count) {
      let layer = products[index..<index + Pass.allCases.count]
      let rates = layer.map(\.figure)
      let first = products[index]
      table.add("\(first.tower) \(first.inputs) → \(first.outputs)", "\(first.rows)", rates[0], rates[1], rates[2])
    }
    let side = GEMMBenchmark.peakSide
    table.add("square \(side) → \(side)", "\(side)", peakFigure)
    let last = ratio.map { ["", "all layers: \(String(format: "%.2f", $0)) times the rate of \(library)"] } ?? []
    return
      (["matrix products in GFLOP/s, \(title), \(machine.workers), \(machine.processor)", ""] + table.lines + last)
      .joined(separator: "\n")
  }

  /// A bar a product.
  public func chart(on machine: Machine) -> BarChart {
    let side = GEMMBenchmark.peakSide
    let bars = products.map { product in
      let pass = product.pass.rawValue.replacing("_", with: " ")
      return BarChart.Bar(
        "\(product.tower) \(product.inputs) → \(product.outputs), \(pass)", [product.gflops],
        figure: product.figure)
    }
    return BarChart(
      title: "Matrix products of ViT-B/32, \(title)", subtitles: [machine.workers, machine.processor],
      unit: "GFLOP/s, all ranks together",
      bars: bars + [.init("square \(side) → \(side)", [ownGemmGflops], figure: peakFigure)])
  }
}
