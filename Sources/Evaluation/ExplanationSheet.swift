import Files
import Foundation
import Images
import Towers

/// A picture beside what in it speaks for each text, to look at.
public struct ExplanationSheet: Sendable {
  private let explanation: Explanation
  private let layer: Explanation.Layer
  private let title: String

  /// - Parameters:
  ///   - explanation: what to draw: one map for each text.
  ///   - layer: what the maps are made of.
  ///   - title: the heading, such as the picture's name.
  public init(_ explanation: Explanation, _ layer: Explanation.Layer, title: String) {
    self.explanation = explanation
    self.layer = layer
    self.title = title
  }

  private static let margin = 32.0
  private static let side = 320.0
  private static let betweenCells = 20.0
  private static let betweenRows = 28.0
  private static let belowPicture = 8.0
  private static let belowHeading = 14.0
  private static let textLines = 2
  private static let mostColumns = 4
  private static let heading = Canvas.TextStyle(size: 18, isBold: true)
  private static let label = Canvas.TextStyle(size: 14, isBold: true)
  private static let text = Canvas.TextStyle(size: 14, color: .gray(0.2))
  private static let small = Canvas.TextStyle(size: 12, color: .gray(0.4))
  private static let bar = (width: 160.0, height: 12.0)

  private static let cellHeight = side + belowPicture + label.lineHeight + Double(textLines) * text.lineHeight
  private static let headerHeight = heading.lineHeight + belowHeading

  private var cells: Int { explanation.texts.count + 1 }
  private var columns: Int { min(cells, Self.mostColumns) }
  private var rows: Int { (cells + columns - 1) / columns }

  /// The width in pixels.
  public var width: Int {
    Int(2 * Self.margin + Double(columns) * Self.side + Double(columns - 1) * Self.betweenCells)
  }

  /// The height in pixels.
  public var height: Int {
    Int(
      2 * Self.margin + Self.headerHeight + Double(rows) * Self.cellHeight + Double(rows) * Self.betweenRows
        + 2 * Self.small.lineHeight)
  }

  /// Draws the sheet.
  ///
  /// - Returns: a PNG file of ``width`` × ``height`` pixels.
  /// - Throws: ``DrawingError`` where it is longer than the 32,767 pixels cairo draws.
  public func png() throws -> [UInt8] {
    guard height <= 32_767 else {
      throw DrawingError(
        description:
          "a sheet of \(explanation.texts.count) texts would have \(width) × \(height) pixels, and 32767 on a "
          + "side are the most that can be drawn; give fewer texts at once")
    }
    let canvas = try Canvas(width: width, height: height)
    let inner = Double(width) - 2 * Self.margin
    for line in canvas.lines(of: title, Self.heading, width: inner, limit: 1) {
      canvas.draw(line, Self.heading, x: Self.margin, y: Self.margin)
    }
    // Scaled here, so that maps can be laid over it pixel by pixel.
    let whole = Canvas.Rectangle(x: 0, y: 0, width: Self.side, height: Self.side)
    let fitted = whole.fitting(width: explanation.picture.width, height: explanation.picture.height)
    let picture = explanation.picture.resized(
      to: PictureSize(width: Int(fitted.width.rounded()), height: Int(fitted.height.rounded())))
    try draw(
      0, picture.pixels, picture.size, label: "what the model sees",
      text: "\(explanation.picture.width) × \(explanation.picture.height) pixels", on: canvas)
    for (index, text) in explanation.texts.enumerated() {
      let map = explanation.map(of: text, layer)
      let overlay = HeatColors.overlay(map.resized(toWidth: picture.width, height: picture.height), on: picture)
      let words = map.peak > 0 ? text.text : "no place speaks for: \(text.text)"
      try draw(index + 1, overlay, picture.size, label: Self.label(of: text), text: words, on: canvas)
    }
    drawLegend(on: canvas)
    return try canvas.png()
  }

  private static func label(of text: Explanation.Text) -> String {
    var label = "cosine " + String(format: "%.3f", text.gradients.similarity).replacingOccurrences(of: "-", with: "−")
    if let probability = text.probability { label += String(format: " · %.1f %%", 100 * probability) }
    return label
  }

  /// Draws a cell: the plain picture is the first.
  private func draw(
    _ cell: Int, _ rgb: [UInt8], _ size: PictureSize, label: String, text: String, on canvas: Canvas
  ) throws {
    let x = Self.margin + Double(cell % columns) * (Self.side + Self.betweenCells)
    var y = Self.margin + Self.headerHeight + Double(cell / columns) * (Self.cellHeight + Self.betweenRows)
    let area = Canvas.Rectangle(
      x: x + ((Self.side - Double(size.width)) / 2).rounded(), y: y + ((Self.side - Double(size.height)) / 2).rounded(),
      width: Double(size.width), height: Double(size.height))
    try canvas.draw(rgb: rgb, width: size.width, height: size.height, over: area)
    y += Self.side + Self.belowPicture
    for line in canvas.lines(of: label, Self.label, width: Self.side, limit: 1) {
      canvas.draw(line, Self.label, x: x, y: y)
    }
    y += Self.label.lineHeight
    for line in canvas.lines(of: text, Self.text, width: Self.side, limit: Self.textLines) {
      canvas.draw(line, Self.text, x: x, y: y)
      y += Self.text.lineHeight
    }
  }

  /// What the colours mean, in two lines.
  private func drawLegend(on canvas: Canvas) {
    var (x, y) = (Self.margin, Double(height) - Self.margin - 2 * Self.small.lineHeight)
    let (low, high, kind) =
      switch layer {
      case .features:
        (
          "adds nothing", "adds most",
          "Grad-CAM of the last \(explanation.features.columns) × \(explanation.features.rows) features"
        )
      case .pixels: ("no influence", "most influence", "absolute gradient of each pixel, smoothed")
      }
    canvas.draw(low, Self.small, x: x, y: y)
    // Whole pixels, whose colours mix with nothing.
    x = (x + canvas.width(of: low, Self.small) + 10).rounded()
    for step in 0..<Int(Self.bar.width) {
      let color = HeatColors.color(of: (Float(step) + 0.5) / Float(Self.bar.width)) / 255
      canvas.fill(
        Canvas.Rectangle(x: x + Double(step), y: y + 2, width: 1, height: Self.bar.height),
        Canvas.Color(red: Double(color.x), green: Double(color.y), blue: Double(color.z)))
    }
    canvas.draw(high, Self.small, x: x + Self.bar.width + 10, y: y)
    y += Self.small.lineHeight
    let inner = Double(width) - 2 * Self.margin
    for line in canvas.lines(of: "\(kind); each map by its own maximum", Self.small, width: inner, limit: 1) {
      canvas.draw(line, Self.small, x: Self.margin, y: y)
    }
  }
}
