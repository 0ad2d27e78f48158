import Files

/// Pictures with their captions, to look at: rows of them under a heading each, such as what a query found.
public struct ContactSheet: Sendable {
  /// Pictures under one heading, such as a query and what it found.
  public struct Row: Sendable {
    let heading: String
    let cells: [Cell]

    /// - Parameters:
    ///   - heading: one line above the pictures, or none.
    ///   - cells: the pictures, in the order to show.
    public init(heading: String, cells: [Cell]) {
      self.heading = heading
      self.cells = cells
    }
  }

  /// A picture and what is to be said of it.
  public struct Cell: Sendable {
    let width: Int
    let height: Int
    let rgb: [UInt8]
    let label: String
    let caption: String

    /// - Parameters:
    ///   - width: the picture's width in pixels.
    ///   - height: the picture's height in pixels.
    ///   - rgb: its pixels, (height, width, 3), 8 bits each.
    ///   - label: one line right below it, such as how well it fits a query.
    ///   - caption: its own caption.
    public init(width: Int, height: Int, rgb: [UInt8], label: String, caption: String) {
      self.width = width
      self.height = height
      self.rgb = rgb
      self.label = label
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
  private static let label = Canvas.TextStyle(size: 12, isBold: true)
  private static let caption = Canvas.TextStyle(size: 12, color: .gray(0.35))

  private static let cellHeight =
    thumbnail + belowThumbnail + label.lineHeight + Double(captionLines) * caption.lineHeight

  private let rows: [Row]

  /// A sheet of rows, one below the other.
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

  private static func headingHeight(of row: Row) -> Double {
    row.heading.isEmpty ? 0 : heading.lineHeight + belowHeading
  }

  private static func height(of row: Row) -> Double {
    headingHeight(of: row) + (row.cells.isEmpty ? 0 : cellHeight)
  }

  /// Draws the sheet.
  ///
  /// - Returns: a PNG file of ``width`` × ``height`` pixels.
  /// - Throws: ``DrawingError`` where a side of the sheet is longer than the 32,767 pixels cairo draws.
  public func png() throws -> [UInt8] {
    guard max(width, height) <= 32_767 else {
      throw DrawingError(
        description: "a sheet of \(rows.count) rows would have \(width) × \(height) pixels, and 32767 on a side are "
          + "the most that can be drawn; show fewer pictures at once")
    }
    let canvas = try Canvas(width: width, height: height)
    var y = Self.margin
    for row in rows {
      let inner = Double(width) - 2 * Self.margin
      for line in canvas.lines(of: row.heading, Self.heading, width: inner, limit: 1) {
        canvas.draw(line, Self.heading, x: Self.margin, y: y)
      }
      for (column, cell) in row.cells.enumerated() {
        let x = Self.margin + Double(column) * (Self.thumbnail + Self.betweenCells)
        try Self.draw(cell, on: canvas, x: x, y: y + Self.headingHeight(of: row))
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
    for line in canvas.lines(of: cell.label, label, width: thumbnail, limit: 1) {
      canvas.draw(line, label, x: x, y: y)
    }
    y += label.lineHeight
    for line in canvas.lines(of: cell.caption, caption, width: thumbnail, limit: captionLines) {
      canvas.draw(line, caption, x: x, y: y)
      y += caption.lineHeight
    }
  }
}
