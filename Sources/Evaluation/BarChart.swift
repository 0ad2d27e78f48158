import Files
import Foundation

/// Horizontal bars, of one part each or of several stacked parts, with a title, a legend and an axis from zero.
public struct BarChart: Sendable {
  /// One bar.
  public struct Bar: Sendable {
    let label: String
    let parts: [Double]
    let figure: String

    /// - Parameters:
    ///   - label: what stands to its left.
    ///   - parts: its lengths in the chart's unit, none of them negative; as many as the chart has names of parts.
    ///   - figure: what stands to its right.
    public init(_ label: String, _ parts: [Double], figure: String) {
      self.label = label
      self.parts = parts
      self.figure = figure
    }

    var total: Double { parts.reduce(0, +) }
  }

  private let title: String
  private let subtitles: [String]
  private let unit: String
  private let partNames: [String]
  private let bars: [Bar]

  /// - Parameters:
  ///   - title: the heading.
  ///   - subtitles: lines below it, such as how and on which machine it was measured.
  ///   - unit: of the axis.
  ///   - partNames: what the parts of every bar are, for the legend; none where bars have one part only.
  ///   - bars: from top to bottom.
  public init(title: String, subtitles: [String], unit: String, partNames: [String] = [], bars: [Bar]) {
    precondition(bars.allSatisfy { $0.parts.count == max(partNames.count, 1) }, "bars of other parts than named")
    self.title = title
    self.subtitles = subtitles
    self.unit = unit
    self.partNames = partNames
    self.bars = bars
  }

  private static let width = 1080.0
  private static let margin = 40.0
  private static let heading = Canvas.TextStyle(size: 22, isBold: true)
  private static let subheading = Canvas.TextStyle(size: 14, color: .gray(0.35))
  private static let text = Canvas.TextStyle(size: 14, color: .gray(0.15))
  private static let axis = Canvas.TextStyle(size: 12, color: .gray(0.4))
  /// Told apart by people who do not see all colours, too (after Okabe and Ito).
  private static let colors = [
    Canvas.Color(red: 0.13, green: 0.45, blue: 0.70), Canvas.Color(red: 0.90, green: 0.62, blue: 0.10),
    Canvas.Color(red: 0.10, green: 0.60, blue: 0.47), Canvas.Color(red: 0.80, green: 0.40, blue: 0.20),
    Canvas.Color(red: 0.65, green: 0.45, blue: 0.65), Canvas.Color(red: 0.55, green: 0.55, blue: 0.55),
  ]

  private var isStacked: Bool { !partNames.isEmpty }
  private var barHeight: Double { isStacked ? 54 : 20 }
  private var barDistance: Double { isStacked ? 84 : 30 }
  private var legendHeight: Double { isStacked ? Double(partNames.count) * Self.text.lineHeight * 1.15 + 12 : 0 }
  private var headerHeight: Double {
    Self.heading.lineHeight + 6 + Double(subtitles.count) * Self.subheading.lineHeight + 22
  }

  /// Draws the chart.
  ///
  /// - Returns: a PNG file.
  public func png() throws -> [UInt8] {
    let barsHeight = Double(bars.count) * barDistance
    let height = 2 * Self.margin + headerHeight + barsHeight + 2 * Self.axis.lineHeight + 12 + legendHeight
    let canvas = try Canvas(width: Int(Self.width), height: Int(height.rounded(.up)))
    var y = Self.margin
    let inner = Self.width - 2 * Self.margin
    for (line, style) in [(title, Self.heading)] + subtitles.map({ ($0, Self.subheading) }) {
      for fitting in canvas.lines(of: line, style, width: inner, limit: 1) {
        canvas.draw(fitting, style, x: Self.margin, y: y)
      }
      y += style.lineHeight + (style.isBold ? 6 : 0)
    }
    y = Self.margin + headerHeight

    // Room for the longest label on the left and the longest figure on the right.
    let labels = bars.map { canvas.width(of: $0.label, Self.text) }.max() ?? 0
    let figures = bars.map { canvas.width(of: $0.figure, Self.text) }.max() ?? 0
    let left = Self.margin + labels + (labels > 0 ? 14 : 0)
    let right = Self.width - Self.margin - figures - 12
    let plot = Canvas.Rectangle(x: left, y: y, width: right - left, height: barsHeight)
    let ticks = Self.ticks(upTo: bars.map(\.total).max() ?? 0)
    let scale = plot.width / max(ticks.last ?? 1, .leastNonzeroMagnitude)
    draw(ticks, on: canvas, plot, scale)
    for (index, bar) in bars.enumerated() {
      draw(bar, on: canvas, plot, scale, y: y + Double(index) * barDistance + (barDistance - barHeight) / 2)
    }
    drawLegend(on: canvas, y: y + barsHeight + 2 * Self.axis.lineHeight + 20)
    return try canvas.png()
  }

  /// Draws the chart into a PNG file.
  public func write(to path: String) throws {
    try FileWriter.write(png(), to: path)
  }

  private func draw(_ ticks: [Double], on canvas: Canvas, _ plot: Canvas.Rectangle, _ scale: Double) {
    let bottom = plot.y + plot.height
    for tick in ticks {
      let x = (plot.x + tick * scale).rounded()
      canvas.fill(Canvas.Rectangle(x: x, y: plot.y, width: 1, height: plot.height + 5), .gray(tick == 0 ? 0.5 : 0.88))
      let label = Self.label(tick)
      canvas.draw(label, Self.axis, x: x - canvas.width(of: label, Self.axis) / 2, y: bottom + 6)
    }
    let x = plot.x + (plot.width - canvas.width(of: unit, Self.axis)) / 2
    canvas.draw(unit, Self.axis, x: x, y: bottom + 6 + Self.axis.lineHeight)
  }

  private func draw(_ bar: Bar, on canvas: Canvas, _ plot: Canvas.Rectangle, _ scale: Double, y: Double) {
    let textY = y + (barHeight - Self.text.size) / 2 - 1
    canvas.draw(bar.label, Self.text, x: plot.x - 14 - canvas.width(of: bar.label, Self.text), y: textY)
    var x = plot.x
    for (index, part) in bar.parts.enumerated() {
      let area = Canvas.Rectangle(x: x, y: y, width: part * scale, height: barHeight)
      canvas.fill(area, Self.colors[index % Self.colors.count])
      let share = String(format: "%.0f %%", 100 * part / max(bar.total, .leastNonzeroMagnitude))
      let style = Canvas.TextStyle(size: 14, isBold: true, color: .gray(1))
      let width = canvas.width(of: share, style)
      if isStacked, width + 8 < area.width { canvas.draw(share, style, x: x + (area.width - width) / 2, y: textY) }
      x += area.width
    }
    // No line of the axis may cross the figure.
    canvas.fill(
      Canvas.Rectangle(x: x + 6, y: textY - 2, width: canvas.width(of: bar.figure, Self.text) + 8, height: 20), .gray(1)
    )
    canvas.draw(bar.figure, Self.text, x: x + 10, y: textY)
  }

  /// The names of the parts; where there is one bar, with its figures.
  private func drawLegend(on canvas: Canvas, y: Double) {
    let names = partNames.map { canvas.width(of: $0, Self.text) }.max() ?? 0
    for (index, name) in partNames.enumerated() {
      let top = y + Double(index) * Self.text.lineHeight * 1.15
      canvas.fill(
        Canvas.Rectangle(x: Self.margin, y: top + 2, width: 14, height: 14), Self.colors[index % Self.colors.count])
      canvas.draw(name, Self.text, x: Self.margin + 24, y: top)
      guard bars.count == 1, let bar = bars.first else { continue }
      for (column, figure) in [
        String(format: bar.total < 100 ? "%.2f %@" : "%.1f %@", bar.parts[index], unit),
        String(format: "%.1f %%", 100 * bar.parts[index] / max(bar.total, .leastNonzeroMagnitude)),
      ].enumerated() {
        // Figures are read by their last digits, so they end below each other.
        let right = Self.margin + 24 + names + 130 + Double(column) * 80
        canvas.draw(figure, Self.text, x: right - canvas.width(of: figure, Self.text), y: top)
      }
    }
  }

  /// Four to eight round numbers from 0, the last of them not below `value`.
  package static func ticks(upTo value: Double) -> [Double] {
    guard value > 0, value.isFinite else { return [0, 1] }
    let power = pow(10, floor(log10(value / 4)))
    let step = [1.0, 2, 5, 10].map { $0 * power }.first { $0 * 7 >= value } ?? value
    return (0...Int((value / step).rounded(.up))).map { Double($0) * step }
  }

  private static func label(_ tick: Double) -> String {
    tick == tick.rounded() ? String(format: "%.0f", tick) : String(format: "%g", tick)
  }
}
