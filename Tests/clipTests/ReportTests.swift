import Foundation
import Images
import Testing

extension RankTests {
  /// `clip report`: the page of a run, as people get it.
  @Suite struct ReportTests {
    let scratch: Scratch

    init() throws { scratch = try Trained.shared.get().scratch }

    private func count(_ what: String, in text: some StringProtocol) -> Int {
      text.components(separatedBy: what).count - 1
    }

    @Test func aRunBecomesAPage() throws {
      let result = try scratch.succeed(["report", "run", "--into", "plain.html"])
      #expect(result.output == "plain.html: 240 steps\n")
      let page = try scratch.text("plain.html")
      // Loss, accuracy, logit scale, gradient norm, learning rate, throughput and time have a column each step.
      #expect(count("<h3>Loss</h3>", in: page) == 1 && count("<title>Step 17: ", in: page) == 7)
      for direction in ["text → image", "image → text"] { #expect(page.contains("<h3>\(direction)</h3>")) }
      #expect(count("<title>Step 120: R@1", in: page) == 2 && count("<title>Step 240: R@1", in: page) == 2)
      let loss = try #require(JournalLine.all(of: "run", in: scratch).last?.loss)
      #expect(page.contains("<title>Step 240: \(String(format: "%.4g", loss))</title>"))
      #expect(page.contains("finished after 240 steps") && page.contains(">tiny</td>") == false)
      #expect(page.contains("ranks × threads</th><td>2 × ") && page.contains("xxh64:"))
      #expect(page.contains("swift-clip 0.") && page.contains("<th scope=\"row\">globalBatch</th><td>64"))
      #expect(!page.contains("What it makes of pairs"))
      #expect(!page.contains("http:") && !page.contains("https:"))
    }

    @Test func pairsAreShownWithTheirPictures() throws {
      let result = try scratch.succeed(["report", "run", "--data", "shards", "--into", "pairs.html", "--json"])
      let found = try #require(JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
      #expect(found["pairs"] as? Int == 144 && found["steps"] as? Int == 240 && found["points"] as? Int == 240)
      let page = try scratch.text("pairs.html")
      #expect(found["bytes"] as? Int == page.utf8.count)
      // The matrix has 8 pairs, the 24 captions are few enough to be classes.
      let matrix = try #require(
        page.components(separatedBy: "<h3>Similarity</h3>").last?.components(separatedBy: "</table>").first)
      #expect(count("<td class=", in: matrix) == 64 && count(" own\"", in: matrix) == 8)
      #expect(count("<img class=\"thumb\" src=\"data:image/jpeg;base64,", in: matrix) == 8)
      let confusion = try #require(
        page.components(separatedBy: "<h3>Confusion</h3>").last?.components(separatedBy: "</table>").first)
      #expect(count("<td class=", in: confusion) == Shapes.kinds * Shapes.kinds)
      // The same figures as `clip evaluate`.
      let evaluated = try scratch.succeed(["evaluate", "retrieval", "--weights", "run", "--data", "shards", "--json"])
      let figures = try #require(JSONSerialization.jsonObject(with: Data(evaluated.output.utf8)) as? [String: Any])
      let recall = try #require((figures["text_to_image"] as? [String: Any])?["R@5"] as? Double)
      #expect(page.contains("<td>\(String(format: "%.1f %%", 100 * recall))</td>"))
      #expect(
        page.contains("<h4>Clearest</h4>") && page.contains("<h4>Worst</h4>")
          && count("<ol class=\"texts\">", in: page) >= 4)
    }

    /// Captions are strangers' words.
    @Test func captionsStayText() throws {
      let hostile = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)> & \u{202E}"
      for number in 0..<3 {
        try scratch.write(Shapes.picture(number).encodedAsPNG(), to: "hostile/p\(number).png")
        try scratch.write(hostile + "\(number)", to: "hostile/p\(number).txt")
      }
      try scratch.succeed(["pack", "hostile", "--into", "hostile-shards"])
      try scratch.succeed(["report", "run", "--data", "hostile-shards", "--into", "hostile.html"])
      let page = try scratch.text("hostile.html")
      #expect(count("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&gt;&lt;img src=x", in: page) > 3)
      // The page's own, and no other.
      #expect(
        count("<script", in: page) == 1 && count("onerror=", in: page) == count("&lt;img src=x onerror=", in: page))
      #expect(page.contains("<bdi class=\"caption\" dir=\"auto\""))
    }

    @Test func whatCannotBeShownIsNamed() throws {
      try scratch.fail(["report", "none"], with: 74, "none: does not exist; expected the directory of a run")
      try scratch.fail(["report", "shards"], with: 74, "shards: holds no journal.jsonl")
      try scratch.fail(["report", "run", "--data", "none"], with: 74, "none")
      try scratch.fail(["report", "run", "--into", "none/report.html"], with: 74, "none/report.html")
      let result = try scratch.clip("report", "run", "--weights", "run")
      #expect(result.status == 2 && result.errors.contains("--weights: only looks at pairs"))
      #expect(!scratch.exists("run/report.html"))
    }
  }
}
