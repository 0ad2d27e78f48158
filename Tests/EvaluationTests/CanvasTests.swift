import Evaluation
import Testing

@Suite struct CanvasTests {
  let style = Canvas.TextStyle(size: 12)

  @Test func textThatFitsIsKeptAndOtherTextIsEllipsised() throws {
    let canvas = try Canvas(width: 10, height: 10)
    let text = "a brown dog runs over the wet grass behind its ball"
    let whole = canvas.width(of: text, style)
    #expect(canvas.lines(of: text, style, width: whole, limit: 1) == [text])
    for width in stride(from: 30.0, to: whole, by: 13) {
      let lines = canvas.lines(of: text, style, width: width, limit: 1)
      let kept = try #require(lines.first).dropLast()
      #expect(lines.count == 1 && lines[0].last == "…" && text.hasPrefix(kept) && kept.last != " ")
      #expect(canvas.width(of: lines[0], style) <= width)
      // Nothing more would have fitted.
      let more = text.dropFirst(kept.count).prefix { $0 == " " }.count + 1
      #expect(canvas.width(of: text.prefix(kept.count + more) + "…", style) > width)
    }
  }

  @Test func linesBreakBetweenWords() throws {
    let canvas = try Canvas(width: 10, height: 10)
    let width = canvas.width(of: "two words", style)
    #expect(
      canvas.lines(of: "two words\n two\twords two", style, width: width, limit: 3) == [
        "two words", "two words", "two",
      ])
    #expect(canvas.lines(of: "two words two words two", style, width: width, limit: 2).last?.hasSuffix("…") == true)
    #expect(canvas.lines(of: " \n", style, width: width, limit: 2) == [])
    let long = canvas.lines(of: "incomprehensibilities two", style, width: width, limit: 2)
    #expect(long.count == 2 && long[0].hasSuffix("…") && long[1] == "two")
  }

  @Test func picturesKeepTheirShape() {
    let area = Canvas.Rectangle(x: 10, y: 20, width: 100, height: 100)
    #expect(area.fitting(width: 400, height: 200) == Canvas.Rectangle(x: 10, y: 45, width: 100, height: 50))
    #expect(area.fitting(width: 1, height: 4) == Canvas.Rectangle(x: 47.5, y: 20, width: 25, height: 100))
  }

  @Test func rectanglesAndPicturesLandWhereTheyAreDrawn() throws {
    let canvas = try Canvas(width: 8, height: 6)
    canvas.fill(Canvas.Rectangle(x: 0, y: 0, width: 2, height: 6), .gray(0))
    let redThenBlue: [UInt8] = [255, 0, 0, 0, 0, 255]
    try canvas.draw(
      rgb: redThenBlue, width: 2, height: 1, over: Canvas.Rectangle(x: 4, y: 1, width: 2, height: 1))
    let picture = try DecodedPNG(canvas.png())
    #expect(picture[1, 5] == [0, 0, 0] && picture[2, 5] == [255, 255, 255])
    #expect(picture[4, 1] == [255, 0, 0] && picture[5, 1] == [0, 0, 255])
    #expect(picture[3, 1] == [255, 255, 255] && picture[6, 1] == [255, 255, 255] && picture[4, 2] == [255, 255, 255])
  }

  @Test func picturesTooLargeForCairoAreAnError() {
    let error = #expect(throws: DrawingError.self) { try Canvas(width: 40_000, height: 10) }
    #expect(error?.description.contains("40000 × 10 pixels") == true)
  }
}
