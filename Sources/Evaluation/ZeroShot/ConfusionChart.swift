/// A confusion matrix to look at: a row for each class, the darker a cell the larger the share of its pictures.
struct ConfusionChart {
  private let matrix: ConfusionMatrix

  private static let margin = 32.0
  private static let heading = Canvas.TextStyle(size: 18, isBold: true)
  private static let text = Canvas.TextStyle(size: 13, color: .gray(0.15))
  private static let note = Canvas.TextStyle(size: 13, color: .gray(0.4))
  private static let widestLabel = 220.0
  /// Cells from this size on have their counts in them, and their classes beside them.
  private static let cellWithText = 18.0

  init(_ matrix: ConfusionMatrix) { self.matrix = matrix }

  /// Draws it.
  ///
  /// - Returns: a PNG file.
  /// - Throws: ``DrawingError`` where there are more classes than the 8,000 that a picture has room for.
  func png() throws -> [UInt8] {
    let count = matrix.labels.count
    guard count <= 8000 else {
      throw DrawingError(description: "\(count) classes do not fit into a picture: write them as .csv")
    }
    let cell = max(1, min(40, (960 / Double(count)).rounded(.down)))
    let hasText = cell >= Self.cellWithText
    let measure = try Canvas(width: 1, height: 1)
    let labels = matrix.labels.enumerated().map {
      measure.lines(of: "\($0.offset + 1)  \($0.element)", Self.text, width: Self.widestLabel, limit: 1).first ?? ""
    }
    let left = hasText ? (labels.map { measure.width(of: $0, Self.text) }.max() ?? 0) + 12 : 0
    let numbers = hasText ? Self.text.lineHeight + 4 : 0
    let top = Self.margin + Self.heading.lineHeight + 2 * Self.note.lineHeight + 12 + numbers
    let side = cell * Double(count)
    let title = "What pictures of \(count) classes were taken for"
    let notes = [
      "rows: what they are; columns, in the same order: what they were taken for",
      "the darker, the larger the share of a row",
    ]
    let widest = max(
      measure.width(of: title, Self.heading), notes.map { measure.width(of: $0, Self.note) }.max() ?? 0, left + side)
    let canvas = try Canvas(
      width: Int((widest + 2 * Self.margin).rounded(.up)), height: Int((top + side + Self.margin).rounded(.up)))
    canvas.draw(title, Self.heading, x: Self.margin, y: Self.margin)
    for (line, note) in notes.enumerated() {
      let y = Self.margin + Self.heading.lineHeight + 4 + Double(line) * Self.note.lineHeight
      canvas.draw(note, Self.note, x: Self.margin, y: y)
    }
    let grid = Canvas.Rectangle(x: Self.margin + left, y: top, width: side, height: side)
    canvas.fill(grid, .gray(0.97))
    for truth in 0..<count {
      let y = grid.y + Double(truth) * cell
      if hasText {
        let middle = y + (cell - Self.text.lineHeight) / 2
        canvas.draw(
          labels[truth], Self.text, x: grid.x - 8 - canvas.width(of: labels[truth], Self.text), y: middle)
        draw("\(truth + 1)", in: canvas, x: grid.x + Double(truth) * cell, y: top - numbers, cell, Self.note)
      }
      draw(row: truth, on: canvas, x: grid.x, y: y, cell, hasText: hasText)
    }
    return try canvas.png()
  }

  private func draw(row truth: Int, on canvas: Canvas, x: Double, y: Double, _ cell: Double, hasText: Bool) {
    let samples = matrix.samples(of: truth)
    for prediction in matrix.labels.indices {
      let count = matrix.count(truth, takenFor: prediction)
      guard count > 0 else { continue }
      let share = Double(count) / Double(samples)
      let left = x + Double(prediction) * cell
      // A line of ground between cells that are large enough.
      let gap = cell >= 8 ? 1.0 : 0
      canvas.fill(
        Canvas.Rectangle(x: left, y: y, width: cell - gap, height: cell - gap),
        Canvas.Color(red: 0.90 - 0.77 * share, green: 0.94 - 0.49 * share, blue: 0.98 - 0.28 * share))
      if hasText {
        let style = Canvas.TextStyle(size: 12, color: .gray(share > 0.5 ? 1 : 0.15))
        draw("\(count)", in: canvas, x: left, y: y + (cell - style.lineHeight) / 2, cell, style)
      }
    }
  }

  /// Writes a number into the middle of a cell, unless it is wider.
  private func draw(
    _ text: String, in canvas: Canvas, x: Double, y: Double, _ cell: Double, _ style: Canvas.TextStyle
  ) {
    let width = canvas.width(of: text, style)
    if width <= cell { canvas.draw(text, style, x: x + (cell - width) / 2, y: y) }
  }
}
