import Files
import Foundation
import Images
import Testing

/// What people give `clip pack` that it cannot use, or cannot write.
@Suite struct PackingFaultTests {
  let scratch: Scratch

  init() throws { scratch = try Scratch() }

  private func png(_ number: Int) throws -> [UInt8] { try Shapes.picture(number).encodedAsPNG() }

  private func dropped() throws -> [String: Int] {
    let json = try scratch.succeed(["inspect", "shards", "--json"]).output
    let object = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
    return try #require(object?["dropped"] as? [String: Int])
  }

  @Test func whatCannotBeUsedIsLeftOutAndCounted() throws {
    let jpeg = try Shapes.picture(1).encodedAsJPEG()
    try scratch.writeShapes(3, to: "in")
    try scratch.write(png(5), to: "in/no-caption.png")
    try scratch.write("a caption", to: "in/no-picture.txt")
    try scratch.write(Array(jpeg[..<(jpeg.count / 2)]), to: "in/cut.jpg")
    try scratch.write("cut", to: "in/cut.txt")
    try scratch.write([], to: "in/zero.png")
    try scratch.write("zero", to: "in/zero.txt")
    try scratch.write("no picture at all", to: "in/text.jpg")
    try scratch.write("text", to: "in/text.txt")
    try scratch.write(png(6), to: "in/latin.png")
    try scratch.write([0x63, 0x61, 0x66, 0xE9], to: "in/latin.txt")
    try scratch.write(png(7), to: "in/blank.png")
    try scratch.write(" \n", to: "in/blank.txt")
    let packed = try scratch.succeed(["pack", "in", "--into", "shards"])
    let expected = [
      "empty_image": 1, "empty_text": 1, "no_image": 1, "no_text": 1, "not_utf8": 1, "truncated": 1,
      "unknown_format": 1,
    ]
    #expect(try dropped() == expected)
    let names = [
      "empty_image": "zero", "empty_text": "blank", "no_image": "no-picture", "no_text": "no-caption",
      "not_utf8": "latin", "truncated": "cut", "unknown_format": "text",
    ]
    let lines = names.sorted { $0.key < $1.key }.map { "\n  left out: 1 \($0.key) (\($0.value))" }.joined()
    #expect(packed.output.hasPrefix("shards: 3 samples in 1 shard, ") && packed.output.hasSuffix(lines + "\n"))
  }

  /// The content decides what a picture is, and a caption may be of any length.
  @Test func oddButUsableIsPacked() throws {
    try scratch.write(png(1), to: "in/png-named.jpg")
    try scratch.write("a PNG", to: "in/png-named.txt")
    try scratch.write(png(2), to: "in/long.png")
    try scratch.write(String(repeating: "wordy ", count: 1666) + "end", to: "in/long.txt")
    try scratch.write(png(3), to: "in/json.png")
    try scratch.write(#"{"caption": "from JSON"}"#, to: "in/json.json")
    try scratch.succeed(["pack", "in", "--into", "shards"])
    #expect(try dropped() == [:])
    let found = try scratch.succeed(["inspect", "shards"]).output
    #expect(found.hasPrefix("samples   3 (3 png)\n") && found.contains("json: from JSON"))
    // Long captions are cut for the eye only.
    #expect(found.contains("long: wordy wordy") && !found.contains("end\n"))
  }

  /// What a caption holds is packed as it is; a terminal gets no command from it.
  @Test func captionsAreNoCommands() throws {
    let caption = "a \u{1B}]0;title\u{7} \u{9B}31m red\u{202E} frog"
    try scratch.write(png(1), to: "in/a.png")
    try scratch.write(caption, to: "in/a.txt")
    try scratch.succeed(["pack", "in", "--into", "shards"])
    let found = try scratch.succeed(["inspect", "shards"]).output
    #expect(found.contains(#"a: a \u{1b}]0;title\u{7} \u{9b}31m red\u{202e} frog"#))
    #expect(found.unicodeScalars.allSatisfy { $0 == "\n" || $0.properties.generalCategory != .control })
    let json = try scratch.succeed(["inspect", "shards", "--json"]).output
    let object = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
    let captions = try #require(object?["captions"] as? [[String: Any]])
    #expect(captions.first?["caption"] as? String == caption)
    try scratch.write("no picture", to: "in/b\nclip: done.jpg")
    try scratch.write("x", to: "in/b\nclip: done.txt")
    let packed = try scratch.succeed(["pack", "in", "--into", "others"]).output
    #expect(packed.contains(#"(b\nclip: done)"#), "\(packed)")
    let complaint = try scratch.clip(["inspect", "no\u{1B}[31m"])
    #expect(complaint.status == 74 && complaint.errors.contains(#"no\u{1b}[31m"#))
  }

  @Test func aFolderWithoutSamplesIsAnError() throws {
    try Directory.create(scratch("empty"))
    try scratch.fail(
      ["pack", "empty", "--into", "shards"], with: 74, "no captioned pictures in empty", "found 0 pictures, 0 captions")
    try scratch.write(png(1), to: "alone/a.png")
    try scratch.fail(["pack", "alone", "--into", "shards"], with: 74, "found 1 pictures, 0 captions", "no_text 1")
    try scratch.fail(["pack", "nowhere", "--into", "shards"], with: 74, "nowhere: is not there")
    try scratch.write("x", to: "notes.md")
    try scratch.fail(["pack", "notes.md", "--into", "shards"], with: 74, "notes.md", "expected a folder, .tar")
    try scratch.write("path,text\na.png,hello\n", to: "table.csv")
    try scratch.fail(
      ["pack", "table.csv", "--into", "shards"], with: 74, "table.csv: has no column \"filepath\"", "--image-column")
    #expect(!scratch.exists("shards"))
  }

  @Test func aTargetInUseIsLeftAlone() throws {
    try scratch.writeShapes(2, to: "in")
    try scratch.write("precious", to: "target/notes.txt")
    try scratch.fail(["pack", "in", "--into", "target"], with: 74, "target: is not empty", "notes.txt")
    #expect(try scratch.names("target") == ["notes.txt"])
    try scratch.fail(["pack", "in", "--into", "in/p1000.txt"], with: 74, "in/p1000.txt")
  }

  @Test(.enabled(if: SmallDisk.canBeMade, "needs the right to mount")) func aFullDiskLeavesNothingThatLooksComplete()
    throws
  {
    for number in 0..<40 {
      var state = UInt64(number + 1)
      let noise = (0..<64 * 64 * 3).map { _ in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return UInt8(state >> 56)
      }
      let picture = Picture(size: PictureSize(width: 64, height: 64), pixels: noise)
      try scratch.write(picture.encodedAsPNG(), to: "in/\(number).png")
      try scratch.write("noise", to: "in/\(number).txt")
    }
    let disk = try SmallDisk(scratch("disk"), kilobytes: 300)
    defer { disk.unmount() }
    let arguments = ["pack", "in", "--samples-per-shard", "10", "--into"]
    try scratch.succeed(arguments + ["whole"])
    try scratch.fail(
      arguments + ["disk/shards"], with: 74, "disk/shards/shard-", "No space", "the same command goes on")
    #expect(try scratch.names("disk/shards") == ["packing.jsonl", "shard-000000.tar.zst", "shard-000001.tar.zst"])
    try scratch.fail(["pack", "in", "--into", "disk/one"], with: 74, "disk/one/shard-", "No space")
    #expect(try scratch.names("disk") == ["shards"])
    try disk.resize(kilobytes: 2000)
    try scratch.succeed(arguments + ["disk/shards"])
    #expect(try scratch.names("disk/shards") == scratch.names("whole"))
    #expect(try scratch.read("disk/shards/index.json") == scratch.read("whole/index.json"))
    try disk.makeReadOnly()
    try scratch.fail(["pack", "in", "--into", "disk/others"], with: 74, "disk/others", "Read-only file system")
  }

  @Test(.enabled(if: geteuid() != 0, "root may write everywhere")) func aProtectedTargetIsNamed() throws {
    try scratch.writeShapes(2, to: "in")
    try Directory.create(scratch("locked"))
    try FileManager.default.setAttributes([.posixPermissions: 0o555], ofItemAtPath: scratch("locked"))
    try scratch.fail(["pack", "in", "--into", "locked/shards"], with: 74, "locked/shards", "Permission denied")
  }
}
