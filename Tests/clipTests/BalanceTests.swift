import Files
import Foundation
import Testing

/// `clip balance`, as a person uses it: 144 pairs, of which 24 hold "red", 36 "circle", 6 both.
@Suite struct BalanceTests {
  let scratch: Scratch

  init() throws {
    scratch = try Trained.copyOfDataset()
    try scratch.write("red\nRed circle\ncircle\nunicorn\n", to: "queries.txt")
  }

  private func command(into name: String, _ more: String...) -> [String] {
    ["balance", "shards", "--queries", "queries.txt", "--into", name] + more
  }

  private func object(_ json: String) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
  }

  @Test func everythingStaysBelowTheCap() throws {
    let text = try scratch.succeed(command(into: "balanced")).output
    let lines = text.split(separator: "\n")
    #expect(lines[0].hasPrefix("balanced: 54 samples in 1 shard, "))
    #expect(
      lines.dropFirst() == [
        "pairs     144, of which 54 (37.5 %) hold a query; 54 are kept",
        "words     162 in the captions kept",
        "queries   4, of which 3 are found, 0 in 20000 pairs or more",
        "pairs of a query  queries before  after",
        "               0               1      1",
        "          1 to 9               1      1",
        "        10 to 99               2      2",
      ])
    #expect(try scratch.succeed(["verify", "balanced"]).output == "balanced: the dataset is sound\n")
    let found = try object(try scratch.succeed(["inspect", "balanced", "--json"]).output)
    #expect(found["dropped"] as? [String: Int] == ["no_query": 90])
    // It trains like any other.
    try scratch.succeed(Trained.command(data: "balanced", steps: 1))
  }

  @Test func theCapHoldsAndThreadsDecideNothing() throws {
    let strict = command(into: "strict", "--per-query", "8", "--strict", "--seed", "5", "--json", "--threads", "3")
    let report = try object(try scratch.succeed(strict).output)
    #expect(
      report["pool"] as? Int == 144 && report["matched"] as? Int == 54 && report["matched_share"] as? Double == 0.375)
    #expect(report["queries"] as? Int == 4 && report["queries_matched"] as? Int == 3)
    #expect(report["per_query"] as? Int == 8 && report["queries_at_cap"] as? Int == 2)
    let kept = try #require(report["kept"] as? Int), rows = try #require(report["histogram"] as? [[String: Int]])
    #expect((8...22).contains(kept) && report["words"] as? Int == 3 * kept)
    #expect(rows.map { $0["before"] } == [1, 1, 2] && rows[0] == ["from": 0, "to": 0, "before": 1, "after": 1])
    try scratch.succeed(command(into: "again", "--per-query", "8", "--strict", "--seed", "5", "--threads", "1"))
    for name in try scratch.names("strict") {
      #expect(try scratch.read("again/\(name)") == scratch.read("strict/\(name)"), "\(name)")
    }
    #expect(try scratch.names("again") == scratch.names("strict"))
    let drawn = try object(try scratch.succeed(command(into: "drawn", "--per-query", "8", "--json")).output)
    #expect(drawn["digest"] as? String != report["digest"] as? String && drawn["kept"] as? Int ?? 54 < 54)
  }

  @Test func severalDatasetsAreOnePool() throws {
    try scratch.writeShapes(24, to: "more", from: 200)
    try scratch.succeed(["pack", "more", "--into", "more-shards"])
    try scratch.succeed(["balance", "shards", "more-shards", "--queries", "queries.txt", "--into", "balanced"])
    let found = try object(try scratch.succeed(["inspect", "balanced", "--json"]).output)
    // Each of 24 captions once more.
    #expect(found["samples"] as? Int == 54 + 9)
  }

  @Test func whatCannotBeBalancedLeavesNothing() throws {
    try scratch.write("unicorn\n", to: "none.txt")
    try scratch.fail(
      ["balance", "shards", "--queries", "none.txt", "--into", "out"], with: 74,
      "none of the 1 queries of none.txt is in a caption of shards (144 pairs)")
    try scratch.write(Array("red\ngr".utf8) + [0xF6, 0x0A], to: "latin.txt")
    try scratch.fail(
      ["balance", "shards", "--queries", "latin.txt", "--into", "out"], with: 74, "latin.txt: line 2 is not UTF-8")
    try scratch.write("\n \n", to: "blank.txt")
    try scratch.fail(
      ["balance", "shards", "--queries", "blank.txt", "--into", "out"], with: 74, "blank.txt: holds no query")
    try scratch.fail(["balance", "shards", "--queries", "no.txt", "--into", "out"], with: 74, "no.txt: cannot open")
    try scratch.fail(
      ["balance", "pictures", "--queries", "queries.txt", "--into", "out"], with: 74, "pictures: is not")
    try scratch.fail(command(into: "shards"), with: 74, "shards: is not empty: it holds a dataset")
    #expect(!scratch.exists("out"))
    try scratch.change("shards/shard-000001.tar.zst") { $0[$0.count / 2] ^= 0x10 }
    try scratch.fail(command(into: "out"), with: 74, "shards/shard-000001.tar.zst: frame 3 of 7")
    #expect(!scratch.exists("out"))
  }
}
