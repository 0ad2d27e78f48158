import Files
import Foundation
import Images
import Shards
import Testing

/// What `clip pack` takes and leaves out, and what is made of its result.
@Suite struct PackTests {
  let scratch: Scratch

  init() throws { scratch = try Scratch() }

  private func dropped(_ packed: ClipProgram.Result) throws -> [String: Int] {
    let object = try JSONSerialization.jsonObject(with: Data(packed.output.utf8)) as? [String: Any]
    return try #require(object?["dropped"] as? [String: Int])
  }

  private func files(_ name: String) throws -> [String: [UInt8]] {
    try Dictionary(uniqueKeysWithValues: scratch.names(name).map { ($0, try scratch.read("\(name)/\($0)")) })
  }

  /// Killed at a random moment, and the command that goes on as well: the same bytes.
  @Test func killedPackingsGoOn() throws {
    try scratch.writeShapes(400, to: "in")
    let arguments = [
      "pack", "in", "--samples-per-shard", "16", "--resize", "24", "--drop-duplicates", "near", "--into",
    ]
    let start = ContinuousClock.now
    try scratch.succeed(arguments + ["whole"])
    let took = start.duration(to: .now) / .seconds(1)
    let expected = try files("whole")
    var killed = 0
    for _ in 0..<8 {
      for _ in 0..<2 where !scratch.exists("part/index.json") {
        let program = try ClipProgram(arguments + ["part"], ranks: nil, in: scratch.path)
        Thread.sleep(forTimeInterval: .random(in: 0..<took))
        kill(program.launcher, SIGKILL)
        if program.wait().status == SIGKILL { killed += 1 }
      }
      if !scratch.exists("part/index.json") || scratch.exists("part/packing.jsonl") {
        try scratch.succeed(arguments + ["part"])
      }
      #expect(try files("part") == expected)
      try scratch.remove("part")
    }
    #expect(killed > 4)
  }

  @Test func classFoldersSizesAndDuplicates() throws {
    let large = Shapes.picture(1).resized(to: PictureSize(width: 200, height: 160))
    try scratch.write(large.encodedAsPNG(), to: "in/tree_frog/a.png")
    try scratch.write(large.encodedAsJPEG(quality: 80), to: "in/tree_frog/b.jpg")
    try scratch.write(
      large.resized(to: PictureSize(width: 100, height: 80)).encodedAsJPEG(), to: "in/tree_frog/c.jpg")
    try scratch.write(Shapes.picture(2).encodedAsPNG(), to: "in/cat/d.png")
    try scratch.write(
      Shapes.picture(3).resized(to: PictureSize(width: 90, height: 20)).encodedAsPNG(), to: "in/cat/e.png")
    let arguments = [
      "pack", "in", "--caption-template", "a photo of a {}", "--min-side", "21", "--drop-duplicates", "near", "--json",
    ]
    let packed = try scratch.succeed(arguments + ["--into", "shards"])
    #expect(try dropped(packed) == ["near_duplicate": 2, "too_small": 1])
    let captions = try scratch.succeed(["inspect", "shards"]).output
    #expect(captions.contains("tree_frog/a: a photo of a tree frog") && captions.contains("cat/d: a photo of a cat"))
    let result = try scratch.clip("pack", "in", "--caption-template", "a photo", "--into", "other")
    #expect(result.status == 2 && result.errors.contains("expected {} where the name of the class goes"))
    let kind = try scratch.clip("pack", "in", "--drop-duplicates", "all", "--into", "other")
    #expect(kind.status == 2 && kind.errors.contains("expected exact or near"))
    #expect(!scratch.exists("other"))
  }

  /// What is changed gets the quality, what is not keeps its bytes; a packing goes on only with its own.
  @Test func changedPicturesHaveTheQuality() throws {
    let large = Shapes.picture(1).resized(to: PictureSize(width: 200, height: 160))
    let file = try large.encodedAsJPEG()
    try scratch.write(file, to: "in/large.jpg")
    try scratch.write("a large one", to: "in/large.txt")
    let small = try Shapes.picture(2).encodedAsJPEG(quality: 91)
    try scratch.write(small, to: "in/small.jpg")
    try scratch.write("a small one", to: "in/small.txt")
    try scratch.write(large.encodedAsPNG(), to: "in/sharp.png")
    try scratch.write("one that loses nothing", to: "in/sharp.txt")
    let shrunk = try Picture.decode(file).shrunk(toShortestSide: 80)
    for (quality, arguments) in [(95, []), (95, ["--quality", "95"]), (70, ["--quality", "70"])] {
      try scratch.succeed(["pack", "in", "--resize", "80", "--into", "shards"] + arguments)
      try scratch.succeed(["unpack", "shards", "--into", "out"])
      #expect(try scratch.read("out/shard-000000/large.jpg") == shrunk.encodedAsJPEG(quality: quality))
      #expect(try scratch.read("out/shard-000000/small.jpg") == small)
      #expect(
        try Picture.decode(scratch.read("out/shard-000000/sharp.png")) == large.shrunk(toShortestSide: 80))
      try scratch.remove("shards")
      try scratch.remove("out")
    }
  }

  @Test func anotherQualityDoesNotGoOn() throws {
    try scratch.writeShapes(20, to: "in")
    // Found broken when there are shards already.
    try scratch.write("filepath,title\n\"in/p0.png,not closed", to: "table.csv")
    let arguments = ["pack", "in", "table.csv", "--samples-per-shard", "8", "--resize", "24", "--into", "shards"]
    try scratch.fail(arguments + ["--quality", "70"], with: 74, "table.csv: line 2", "the same command goes on")
    let left = try files("shards")
    #expect(left["packing.jsonl"] != nil && left["shard-000000.tar.zst"] != nil)
    for (others, now) in [([], "not given"), (["--quality", "71"], "71"), (["--quality", "95"], "not given")] {
      try scratch.fail(
        arguments + others, with: 74, "holds an unfinished packing with --quality 70, this command says \(now)")
      #expect(try files("shards") == left)
    }
    try scratch.write("filepath,title\n", to: "table.csv")
    let packed = try scratch.succeed(arguments + ["--quality", "70"])
    #expect(packed.output.contains("went on behind"))
  }

  @Test func aSheetShowsThePictures() throws {
    try scratch.writeShapes(9, to: "in")
    try scratch.succeed(["pack", "in", "--into", "data/shards"])
    let shown = try scratch.succeed(["inspect", "data/shards/", "--show", "7"]).output
    #expect(shown.split(separator: "\n").count { $0.hasPrefix("caption ") } == 7)
    #expect(shown.hasSuffix("pictures  shards.png\n"))
    let sheet = try Picture.decode(scratch.read("shards.png"))
    // Two rows of up to six, of 160 pixels each and 20 between them, within margins of 32.
    #expect(sheet.width == 2 * 32 + 6 * 160 + 5 * 20)
    #expect(sheet.height > 2 * 160)
    // A picture of the first row lies here, and is not white.
    let place = 3 * ((32 + 35 + 80) * sheet.width + 32 + 80)
    #expect(sheet.pixels[place..<place + 3].contains { $0 < 250 })
    try scratch.succeed(["inspect", "data/shards", "--sheet", "named.png"])
    #expect(scratch.exists("named.png"))
    try scratch.fail(["inspect", "data/shards", "--sheet", "no/where.png"], with: 74, "no/where.png")
    #expect(try scratch.clip("inspect", "data/shards", "--show", "0").status == 2)
  }

  @Test func unpackedPicturesAreTheOnesPacked() throws {
    try scratch.writeShapes(20, to: "in")
    try scratch.succeed(["pack", "in", "--into", "shards", "--samples-per-shard", "9"])
    let unpacked = try scratch.succeed(["unpack", "shards", "--into", "out"])
    #expect(unpacked.output == "out: 20 samples of shards\n")
    let folders = try scratch.names("out")
    #expect(folders == ["shard-000000", "shard-000001", "shard-000002"])
    var found: [String: [UInt8]] = [:]
    for folder in folders { try found.merge(files("out/\(folder)")) { $1 } }
    #expect(try found == files("in"))
    try scratch.fail(["unpack", "shards", "--into", "out"], with: 74, "out: is there already")
    try scratch.succeed(["unpack", "shards", "--into", "again//"])
    for folder in folders { #expect(try files("again/\(folder)") == files("out/\(folder)")) }
    #expect(try scratch.names("").allSatisfy { !$0.contains("unfinished") })
    try scratch.fail(["unpack", "shards", "--into", ""], with: 74, "is no name of a folder")
    try scratch.change("shards/shard-000001.tar.zst") { $0[100] ^= 1 }
    try scratch.fail(["unpack", "shards", "--into", "damaged"], with: 74, "shard-000001.tar.zst: frame 0")
    #expect(try scratch.names("").filter { $0.hasPrefix("damaged") }.isEmpty)
  }

  @Test func anUnfinishedPackingIsNoDataset() throws {
    try scratch.write(#"{"format":"swift-clip-packing"}"#, to: "shards/packing.jsonl")
    let verified = try scratch.clip("verify", "shards")
    #expect(verified.status == 74 && verified.output.contains("packing it has not finished"))
    try scratch.fail(["inspect", "shards"], with: 74, "packing it has not finished; the `clip pack` command")
    try scratch.writeShapes(2, to: "in")
    // A first line that a crash cut short is none.
    try scratch.succeed(["pack", "in", "--into", "shards"])
    try scratch.fail(["pack", "in", "--into", "shards"], with: 74, "it holds a dataset, which is complete")
  }
}
