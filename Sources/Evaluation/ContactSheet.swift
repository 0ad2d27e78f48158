import Files
import Foundation

/// What searches found, to look at: the text of each query, and below it the pictures found with scores and captions.
public struct ContactSheet: Sendable {
  /// A query and what it found.
  public struct Row: Sendable {
    let query: String
    let cells: [Cell]

    /// - Parameters:
    ///   - query: the text searched for.
    ///   - cells: what was found, in the order to show.
    public init(query: String, cells: [Cell]) {
      self.query = query
      self.cells = cells
    }
  }

  /// A picture that was found.
  public struct Cell: Sendable {
    let width: Int
    let height: Int
    let rgb: [UInt8]
    let score: Float
    let caption: String

    /// - Parameters:
    ///   - width: the picture's width in pixels.
    ///   - height: the picture's height in pixels.
    ///   - rgb: its pixels, (height, width, 3), 8 bits each.
    ///   - score: how well it fits the query: the cosine.
    ///   - caption: its own caption.
    public init(width: Int, height: Int, rgb: [UInt8], score: Float, caption: String) {
      self.width = width
      self.height = height
      self.rgb = rgb
      self.score = score
      self.caption = caption
    }
  }

  private static let margin = 32.0
  private static let thumbnail = 160.0
  private static let betweenCells = 20.0
  private static let betweenRows = 36.0
  private static let belowThumbnail = 8.0
  private static let belowHeading = 10.0
  private static let captionLines = 2
  private static let heading = Canvas.TextStyle(size: 18, isBold: true)
  private static let score = Canvas.TextStyle(size: 12, isBold: true)
  private static let caption = Canvas.TextStyle(size: 12, color: .gray(0.35))

  private static let headingHeight = heading.lineHeight + belowHeading
  private static let cellHeight =
    thumbnail + belowThumbnail + score.lineHeight + Double(captionLines) * caption.lineHeight

  private let rows: [Row]

  /// A sheet with one row for each query.
  public init(rows: [Row]) { self.rows = rows }

  /// The width in pixels: of the longest row and the margins.
  public var width: Int {
    let columns = Double(max(1, rows.map(\.cells.count).max() ?? 0))
    return Int(2 * Self.margin + columns * Self.thumbnail + (columns - 1) * Self.betweenCells)
  }

  /// The height in pixels: of all rows and the margins.
  public var height: Int {
    let gaps = Double(max(0, rows.count - 1)) * Self.betweenRows
    return Int(2 * Self.margin + rows.map(Self.height).reduce(gaps, +))
  }

  private static func height(of row: Row) -> Double {
    headingHeight + (row.cells.isEmpty ? 0 : cellHeight)
  }

  /// Draws the sheet.
  ///
  /// - Returns: a PNG file of ``width`` × ``height`` pixels.
  /// - Throws: ``DrawingError`` where a side of the sheet is longer than the 32,767 pixels cairo draws.
  public func png() throws -> [UInt8] {
    guard max(width, height) <= 32_767 else {
      throw DrawingError(
        description: "a sheet of \(rows.count) queries would have \(width) × \(height) pixels, and 32767 on a side are "
          + "the most that can be drawn; show fewer queries or fewer results at once")
    }
    let canvas = try Canvas(width: width, height: height)
    var y = Self.margin
    for row in rows {
      let inner = Double(width) - 2 * Self.margin
      for line in canvas.lines(of: row.query, Self.heading, width: inner, limit: 1) {
        canvas.draw(line, Self.heading, x: Self.margin, y: y)
      }
      for (column, cell) in row.cells.enumerated() {
        let x = Self.margin + Double(column) * (Self.thumbnail + Self.betweenCells)
        try Self.draw(cell, on: canvas, x: x, y: y + Self.headingHeight)
      }
      y += Self.height(of: row) + Self.betweenRows
    }
    return try canvas.png()
  }

  /// Draws the sheet into a PNG file.
  public func write(to path: String) throws {
    try FileWriter.write(png(), to: path)
  }

  private static func draw(_ cell: Cell, on canvas: Canvas, x: Double, y: Double) throws {
    let area = Canvas.Rectangle(x: x, y: y, width: thumbnail, height: thumbnail)
    // A light ground shows where pictures of another shape, and white ones, end.
    canvas.fill(area, .gray(0.96))
    let fitted = area.fitting(width: cell.width, height: cell.height)
    try canvas.draw(rgb: cell.rgb, width: cell.width, height: cell.height, over: fitted)
    var y = y + thumbnail + belowThumbnail
    canvas.draw(String(format: "%.3f", cell.score), score, x: x, y: y)
    y += score.lineHeight
    for line in canvas.lines(of: cell.caption, caption, width: thumbnail, limit: captionLines) {
      canvas.draw(line, caption, x: x, y: y)
      y += caption.lineHeight
    }
  }
}
