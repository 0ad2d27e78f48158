import Evaluation
import Files
import Foundation
import Testing

/// The page of a run: its text, its axes, and what is drawn of long journals.
@Suite struct ReportTests {
  let run = NSTemporaryDirectory() + "report-\(UUID().uuidString)/my <run>"

  init() throws { try Directory.create(run) }

  /// Writes a journal whose loss is 5 but for a spike.
  private func writeJournal(steps: Int, spike: Int = 0, tail: String = "") throws {
    let file = try FileWriter(run + "/journal.jsonl")
    for step in stride(from: 1, through: steps, by: 1) {
      let line =
        "{\"loss\":\(step == spike ? 77.25 : 5),\"learning_rate\":\(Double(step) / 1000),\"step\":\(step),"
        + "\"text_accuracy\":0.5,\"image_accuracy\":0.25,\"seconds\":{\"data\":0.25,\"embed\":0.75},\"logit_scale\":20}\n"
      try file.append(Array(line.utf8))
    }
    try file.append(Array(tail.utf8))
    try file.commit()
  }

  private func page() throws -> String { try ReportPage(RunRecord(run), nil).html.text }

  /// The figure of a chart.
  private func chart(_ title: String, in page: String) throws -> Substring {
    let begin = try #require(page.range(of: "<h3>\(title)</h3>"))
    return page[begin.upperBound...].prefix(
      upTo: try #require(page.range(of: "</figure>", range: begin.upperBound..<page.endIndex)).lowerBound)
  }

  private func count(_ what: String, in text: Substring) -> Int { text.components(separatedBy: what).count - 1 }

  @Test func whateverIsPutInIsEscaped() {
    let hostile = "<script>alert('x')</script> & \"\u{0}\u{1B}\n"
    let shown: HTML = "<b title=\"\(hostile)\">\(hostile)</b>"
    let escaped = "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; &quot;\u{FFFD}\u{FFFD}\n"
    #expect(shown.text == "<b title=\"\(escaped)\">\(escaped)</b>")
    // Even what looks like the source's own.
    let literal = "<i>"
    #expect(("\(literal)" as HTML).text == "&lt;i&gt;")
    #expect(("\(0.1 + 0.2) \(3.0) \(Double.nan) \(-7)" as HTML).text == "0.3 3 0 -7")
  }

  @Test func everyStepOfAShortRunIsAPoint() throws {
    try writeJournal(steps: 30, spike: 7)
    let page = try page()
    let loss = try chart("Loss", in: page)
    #expect(count("<rect", in: loss) == 30)
    #expect(loss.contains("<title>Step 7: 77.25</title>") && loss.contains("<title>Step 30: 5</title>"))
    #expect(loss.contains("Lowest 5 at step 1, highest 77.25 at step 7."))
    // Round numbers on both axes.
    for tick in ["0", "20", "40", "60", "80"] { #expect(loss.contains(">\(tick)</text>"), "\(tick)") }
    for tick in ["10", "20", "30"] { #expect(loss.contains("dy=\"1.5em\">\(tick)</text>"), "\(tick)") }
    #expect(!loss.contains("class=\"band"))
    #expect(
      try chart("Accuracy in the batch", in: page).contains(
        "<title>Step 3: text → image 50.0 % · image → text 25.0 %</title>"))
    #expect(try chart("Logit scale", in: page).contains("20 (temperature 0.05)"))
    let time = try chart("Time", in: page)
    #expect(
      count("class=\"area", in: time) == 2 && time.contains("data <b>25.0 %</b>")
        && time.contains("took 1 s in the mean"))
    #expect(page.contains("<h1>my &lt;run&gt;</h1>") && !page.contains("<run>"))
    // Nothing comes from elsewhere.
    #expect(!page.contains("http:") && !page.contains("https:") && !page.contains("<link") && !page.contains(" src="))
  }

  @Test func aLongRunIsThinnedAndKeepsItsSpikes() throws {
    try writeJournal(steps: 20_001, spike: 12_345)
    let history = try History(ofJournal: run + "/journal.jsonl")
    // 51 steps each: one less would need a stretch too many.
    #expect(history.lines == 20_001 && history.stretches.count == 393)
    #expect(history.stretches.first == 1...51 && history.stretches.last == 19_993...20_001)
    let page = try page()
    let loss = try chart("Loss", in: page)
    #expect(count("<rect", in: loss) == 393)
    #expect(loss.contains("(5 to 77.25)") && loss.contains("highest 77.25 at step 12,345"))
    #expect(count("class=\"band", in: loss) == 1)
    #expect(page.utf8.count < 700_000, "\(page.utf8.count) bytes")
  }

  @Test func oneStepIsEnough() throws {
    try writeJournal(steps: 1)
    let page = try page()
    let loss = try chart("Loss", in: page)
    #expect(count("<rect", in: loss) == 1 && count("<circle", in: loss) == 1)
    #expect(!page.contains("nan") && !page.contains("inf%"))
    #expect(try count("class=\"area", in: chart("Time", in: page)) == 2)
  }

  @Test(arguments: ["{\"loss\":1,\"st", "{\"loss\":1,\"step\":11}"])
  func theLineThatIsBeingWrittenIsLeftOut(tail: String) throws {
    try writeJournal(steps: 10, tail: tail)
    #expect(try RunRecord(run).history.steps == 1...10)
    try writeJournal(steps: 0, tail: tail)
    let error = #expect(throws: FileError.self) { try RunRecord(run) }
    #expect(error?.description.contains("has no whole line yet") == true)
  }

  @Test func damageIsNamed() throws {
    try writeJournal(steps: 3, tail: "{\"loss\":1,\"st\n{\"loss\":2,\"step\":5}\n")
    let error = #expect(throws: FileError.self) { try RunRecord(run) }
    #expect(error?.description.contains("journal.jsonl: line 4 is not a line of a journal") == true)
    try writeJournal(steps: 3, tail: "{\"loss\":1,\"step\":1}\n")
    #expect(throws: FileError.self) { try RunRecord(run) }
    try writeJournal(steps: 3)
    try FileWriter.write(Array("{".utf8), to: run + "/recipe.json")
    #expect(throws: FileError.self) { try RunRecord(run) }
  }

  @Test func whereThereIsNoRunThatIsSaid() {
    let none = #expect(throws: FileError.self) { try RunRecord(run + "/none") }
    #expect(none?.description.contains("does not exist; expected the directory of a run") == true)
    let empty = #expect(throws: FileError.self) { try RunRecord(run) }
    #expect(empty?.description.contains("holds no journal.jsonl") == true)
  }

  @Test func resultsOnValidationDataHaveChartsOfTheirOwn() throws {
    let lines = [10, 20].map {
      "{\"step\":\($0),\"loss\":1,\"validation\":{\"text_to_image_R@1\":0.5,\"text_to_image_R@10\":0.\($0),\"text_to_image_R@5\":0.75,"
        + "\"zero_shot_top1\":0.125,\"text_to_image_median_rank\":12}}\n"
    }
    try FileWriter.write(Array(lines.joined().utf8), to: run + "/journal.jsonl")
    let page = try page()
    let found = try chart("text → image", in: page)
    #expect(count("<circle", in: found) == 6 && count("<rect", in: found) == 2)
    #expect(found.contains("<title>Step 20: R@1 50.0 % · R@5 75.0 % · R@10 20.0 %</title>"))
    #expect(try chart("zero shot", in: page).contains("top1 <b>12.5 %</b>"))
    #expect(try chart("text → image median", in: page).contains("rank <b>12</b>"))
  }
}
