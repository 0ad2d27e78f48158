import Evaluation
import Testing

@Suite struct BarChartTests {
  @Test func ticksAreRoundAndReachTheLongestBar() {
    #expect(BarChart.ticks(upTo: 0) == [0, 1])
    #expect(BarChart.ticks(upTo: 7) == [0, 1, 2, 3, 4, 5, 6, 7])
    #expect(BarChart.ticks(upTo: 19_400) == [0, 5_000, 10_000, 15_000, 20_000])
    for value in stride(from: 0.013, to: 5_000, by: 7.77) {
      let ticks = BarChart.ticks(upTo: value)
      #expect((4...9).contains(ticks.count) && (ticks.last ?? 0) >= value, "\(value): \(ticks)")
    }
  }

  private func chart(_ label: String, figure: String, long text: String) -> BarChart {
    BarChart(
      title: text, subtitles: [text, "a machine"], unit: "s", partNames: ["one", "two"],
      bars: [.init(label, [3, 1], figure: figure), .init("", [0, 0.5], figure: "0.5 s")])
  }

  @Test func nothingIsDrawnInTheMargins() throws {
    let endless = String(repeating: "an uncommonly long description of very little ", count: 9)
    for chart in [
      chart("first", figure: "4 s", long: "short"),
      chart("a rather long name of a bar", figure: "4.00 GB/s in 3 µs", long: endless),
    ] {
      let picture = try DecodedPNG(chart.png())
      #expect(picture.hasInk(40..<picture.width - 40, 40..<picture.height - 40))
      #expect(!picture.hasInk(0..<30, 0..<picture.height))
      #expect(!picture.hasInk(picture.width - 30..<picture.width, 0..<picture.height))
      #expect(!picture.hasInk(0..<picture.width, 0..<38))
      #expect(!picture.hasInk(0..<picture.width, picture.height - 30..<picture.height))
    }
  }

  @Test func partsHaveTheirColoursAndShares() throws {
    let picture = try DecodedPNG(chart("", figure: "4 s", long: "t").png())
    func count(_ color: [UInt8]) -> Int {
      (0..<picture.width).count { picture[$0, 160] == color }
    }
    let blue = count(picture[45, 160])
    let columns = (0..<picture.width).filter { picture[$0, 160] != [255, 255, 255] }
    #expect(picture[45, 160] != [255, 255, 255] && blue > 400)
    // Where the bar ends its second colour has run for a third of the first.
    let orange = columns.filter { $0 > 45 && picture[$0, 160] != picture[45, 160] }.prefix { $0 < 45 + blue * 3 / 2 }
    #expect(abs(orange.count * 3 - blue) < 40, "\(blue) and \(orange.count)")
  }
}
