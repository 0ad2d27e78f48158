import Files
import Foundation
import Shards
import Testing

/// What is taken from folders, tars and tables, and what is left out.
@Suite struct SourceTests {
  let scratch: Scratch

  init() throws { scratch = try Scratch() }

  private func samples() throws -> [Sample] { try ShardDataset(scratch.dataset).all() }

  @Test func folders() throws {
    try scratch.write(picture(1), to: "in/b.JPEG")
    try scratch.write("\u{FEFF}b", to: "in/b.txt")
    try scratch.write(picture(2), to: "in/a/a.x.png")
    try scratch.write("{\"caption\": \"from JSON\", \"url\": \"u\"}", to: "in/a/a.x.json")
    try scratch.write(picture(3), to: "in/.hidden/h.jpg")
    try scratch.write("h", to: "in/.hidden/h.txt")
    let links = FileManager.default
    try links.createSymbolicLink(atPath: "\(scratch.path)/in/a/up", withDestinationPath: "..")
    try scratch.pack(["in"])
    let samples = try samples()
    #expect(samples.map(\.key) == ["a/a_x", "b"])
    #expect(samples.map(\.caption) == ["from JSON", "b"])
    #expect(samples.map(\.picture) == [picture(2), picture(1)])
    #expect(samples[0].json != nil && samples[1].json == nil)
  }

  /// Swift takes names for equal that differ only in how their letters are composed; a file system does not.
  @Test func composedAndDecomposedNamesAreTwo() throws {
    for (name, number) in [("n\u{E9}", 1), ("ne\u{301}", 2)] {
      try scratch.write(picture(number), to: "in/\(name).jpg")
      try scratch.write("caption \(number)", to: "in/\(name).txt")
    }
    // Copied by way of a system that composes names: they still belong together.
    try scratch.write(picture(3), to: "in/z\u{FC}.jpg")
    try scratch.write("caption 3", to: "in/zu\u{308}.txt")
    #expect(try scratch.pack(["in"]).dropped.isEmpty)
    let samples = try samples()
    #expect(samples.count == 3 && Set(samples.map(\.key)).count == 3)
    for sample in samples {
      let number = try #require((1...3).first { picture($0) == sample.picture })
      #expect(sample.caption == "caption \(number)")
    }
  }

  /// What cannot be opened is counted, and two names stay two.
  @Test func namesThatAreNotUTF8AreCounted() throws {
    try scratch.writePhotos(2)
    for byte: UInt8 in [0xE8, 0xE9] {
      let folder = Array("\(scratch.path)/photos/".utf8CString.dropLast()) + [CChar(bitPattern: byte), 0]
      #expect(mkdir(folder, 0o755) == 0)
    }
    #expect(try scratch.pack(["photos"]).dropped == ["name_not_utf8": 2])
    #expect(String(nameOf: [0x70, 0xE9]) == "p\u{FFFD}E9" && String(nameOf: [0x70, 0xC3, 0xA9]) == "p\u{E9}")
  }

  @Test func whatIsLeftOutIsCounted() throws {
    try scratch.writePhotos(4)
    try scratch.write("x", to: "photos/no-picture.txt")
    try scratch.write("{\"caption\": \"x\"}", to: "photos/no-picture-2.json")
    try scratch.write(picture(5), to: "photos/no-caption.jpg")
    try scratch.write(picture(5), to: "photos/number.jpg")
    try scratch.write("{\"caption\": 5}", to: "photos/number.json")
    let flawed: [(String, [UInt8], [UInt8])] = [
      ("empty", [], Array("x".utf8)), ("bad", Array("BAD".utf8), Array("x".utf8)),
      ("latin", picture(6), [0x67, 0x72, 0xF6]), ("blank", picture(7), Array(" \n\t\u{A0}".utf8)),
      ("giant", Array("G".utf8), Array("x".utf8)),
    ]
    for (name, picture, caption) in flawed {
      try scratch.write(picture, to: "photos/\(name).png")
      try scratch.write(caption, to: "photos/\(name).txt")
    }
    let index = try scratch.pack(["photos"])
    #expect(index.samples == 4)
    #expect(
      index.dropped == [
        "no_image": 2, "no_text": 2, "empty_image": 1, "bad_image": 1, "not_utf8": 1, "empty_text": 1, "too_large": 1,
      ])
    #expect(ShardDataset.verify(scratch.dataset).isEmpty)
  }

  @Test(arguments: ["wds.tar", "frames.tar.zst"]) func webDatasetTars(_ name: String) throws {
    let packer = try Packer(threads: 2, prepare: prepare)
    let index = try packer.pack([try PackInput(fixture(name))], into: scratch.dataset).index
    #expect(index.samples == 5 && index.dropped.isEmpty)
    let samples = try samples()
    #expect(samples.map(\.key) == (0..<5).map { "00000000\($0)" })
    #expect(samples.map(\.caption) == (0..<5).map { "caption \($0)" })
    #expect(samples[4].picture.count == 304 + 17 * 4)
    #expect(String(decoding: samples[2].json ?? [], as: UTF8.self).contains("success"))
  }

  @Test(arguments: ["gnu.tar", "pax.tar"]) func longNames(_ name: String) throws {
    let packer = try Packer(threads: 1, prepare: prepare)
    let index = try packer.pack([try PackInput(fixture(name))], into: scratch.dataset).index
    #expect(index.samples == 4 && index.dropped.isEmpty)
    let samples = try samples()
    #expect(samples.map(\.caption) == ["long 0", "long 1", "long 2", "last"])
    #expect(samples[0].key.hasPrefix("deep_long-long-") && samples[0].key.utf8.count <= 85)
    #expect(Set(samples.map(\.key)).count == 4)
  }

  /// Webdataset tars cut short or damaged are refused, wherever: LAION's loaders take half of them without a word.
  @Test func damagedTarsAreRefused() throws {
    let tar = try scratch.read(fixture("wds.tar"))
    func refuses(_ bytes: [UInt8], _ reason: String, _ name: String = "x.tar") throws {
      try scratch.write(bytes, to: name)
      let error = #expect(throws: FileError.self) { try scratch.pack([name]) }
      #expect(error?.description.contains(reason) == true && error?.path.hasSuffix(name) == true)
      #expect(!Directory.exists(scratch.dataset))
    }
    // The last of 15 members ends where the two blocks of zeros start.
    let end = try #require((0..<tar.count / 512).first { tar[($0 * 512)...].allSatisfy { $0 == 0 } }) * 512
    for length in [0, 1, 512, 1000, 1536, end - 512, end] {
      try refuses(Array(tar[..<length]), "cut short")
    }
    var zeroed = tar
    zeroed.replaceSubrange(1024..<2048, with: repeatElement(0, count: 1024))
    try refuses(zeroed, "continues after the zeros")
    var flipped = tar
    flipped[3] ^= 1
    try refuses(flipped, "checksum")
    let compressed = try scratch.read(fixture("frames.tar.zst"))
    try refuses(Array(compressed.dropLast(100)), "cut short", "x.tar.zst")
  }

  @Test func tables() throws {
    for number in 0..<4 { try scratch.write(picture(number), to: "t/pics/p\(number).jpg") }
    let rows = """
      \u{FEFF}id,filepath,title\r
      0,pics/p0.jpg,"a ""quoted"", cat"\r
      1,pics/p1.jpg,"two
      lines"\r
      \r
      2,pics/missing.jpg,nothing
      3,pics/p2.jpg,one,too many
      4,pics/p3.jpg,
      5,pics/p0.jpg,the same picture again
      6,\(scratch.path)/t/pics/p3.jpg,größe "猫"
      """
    try scratch.write(rows, to: "t/table.csv")
    let index = try scratch.pack(["t/table.csv"])
    #expect(index.dropped == ["no_image": 1, "bad_row": 1, "empty_text": 1])
    let samples = try samples()
    #expect(samples.map(\.caption) == ["a \"quoted\", cat", "two\nlines", "the same picture again", "größe \"猫\""])
    #expect(samples.prefix(3).map(\.key) == ["pics/p0", "pics/p1", "pics/p0-1"])
    #expect(samples[3].picture == picture(3))
  }

  @Test func tabsAndColumns() throws {
    try scratch.write(picture(0), to: "p.jpg")
    try scratch.write("text\tpath\na, b\tp.jpg\n", to: "table.tsv")
    let wrong = #expect(throws: FileError.self) { try scratch.pack(["table.tsv"]) }
    #expect(wrong?.description.contains("no column \"filepath\", only \"text\", \"path\"") == true)
    let input = try PackInput(
      "\(scratch.path)/table.tsv", PackInput.Options(imageColumn: "path", captionColumn: "text"))
    _ = try Packer(threads: 1, prepare: prepare).pack([input], into: scratch.dataset)
    #expect(try samples().map(\.caption) == ["a, b"])

    try scratch.write("text\tpath\nx\tp.jpg\n\"never closed\tp.jpg\n", to: "open.tsv")
    let open = try PackInput("\(scratch.path)/open.tsv", PackInput.Options(imageColumn: "path", captionColumn: "text"))
    let error = #expect(throws: FileError.self) {
      try Packer(threads: 1, prepare: prepare).pack([open], into: scratch.path + "/other")
    }
    #expect(error?.description.contains("line 3") == true)
  }

  @Test func emptyTablesAreNamed() throws {
    try scratch.write("", to: "none.csv")
    let none = #expect(throws: FileError.self) { try scratch.pack(["none.csv"]) }
    #expect(none?.description.contains("is empty: expected a header") == true)
    try scratch.write("filepath,title\n", to: "header.csv")
    let header = #expect(throws: PackError.self) { try scratch.pack(["header.csv"]) }
    #expect(header?.description.contains("expected rows with the path of a picture in \"filepath\"") == true)
  }

  @Test func extensionsOfAnyCaseBelongTogether() throws {
    try scratch.write(picture(0), to: "photos/a.JPG")
    try scratch.write("upper", to: "photos/a.TXT")
    try scratch.write(picture(1), to: "photos/b.png")
    try scratch.write("lower", to: "photos/b.txt")
    try scratch.write("ignored", to: "photos/b.TXT")
    try scratch.write(picture(2), to: "photos/c.jpg")
    try scratch.write(#"{"caption": "json"}"#, to: "photos/c.Json")
    let index = try scratch.pack(["photos"])
    #expect(index.dropped.isEmpty)
    #expect(try samples().map(\.caption) == ["upper", "lower", "json"])
  }

  /// Opening a pipe would wait for somebody who writes to it.
  @Test(.timeLimit(.minutes(1))) func pipesAreNoPictures() throws {
    try scratch.write(picture(0), to: "photos/a.jpg")
    try scratch.write("a", to: "photos/a.txt")
    #expect(mkfifo("\(scratch.path)/photos/pipe.png", 0o600) == 0)
    try scratch.write("pipe", to: "photos/pipe.txt")
    #expect(try scratch.pack(["photos"]).dropped == ["not_a_file": 1])
    let error = #expect(throws: FileError.self) { try FileReader("\(scratch.path)/photos/pipe.png") }
    #expect(error?.description.contains("is not a regular file") == true)
  }

  /// As webdataset reads names, `3.x.jpg` is the field `x.jpg` of sample 3.
  @Test func noSampleOfATarVanishes() throws {
    let members = [
      ("a.jpg", picture(0)), ("a.txt", Array("a".utf8)), ("d/3.x.jpg", picture(1)), ("d/3.x.txt", Array("x".utf8)),
      ("b.mask.png", picture(2)), ("b.jpg", picture(3)), ("b.txt", Array("b".utf8)), ("notes.md", Array("n".utf8)),
    ]
    for (name, bytes) in members { try scratch.write(bytes, to: "in/\(name)") }
    let tar = try Process.run(
      URL(fileURLWithPath: "/usr/bin/env"),
      arguments: ["tar", "-cf", "\(scratch.path)/dots.tar", "-C", "\(scratch.path)/in"] + members.map(\.0))
    tar.waitUntilExit()
    let packing = try Packer(threads: 1, prepare: prepare).pack(
      [try PackInput("\(scratch.path)/dots.tar")], into: scratch.dataset)
    #expect(packing.index.samples == 2 && packing.index.dropped == ["no_image": 1])
    #expect(packing.examples == ["no_image": ["d/3"]])
    #expect(try samples().map(\.picture) == [picture(0), picture(3)])
  }

  @Test func keysAreTamed() throws {
    // What a table says, and the key that comes of it. A dot joined with an accent is still a dot.
    let tamed = [
      ("./x//p.a.jpg", "x/p_a"), ("x/../p.jpg", "x/p"), ("v.1/a\u{7}b.jpg", "v.1/a_b"),
      ("a.\u{301}b.jpg", "a_\u{301}b"),
      ("v.1/\(String(repeating: "é", count: 60)).jpg", "v_1_\(String(repeating: "é", count: 32))-"),
    ]
    for folder in ["x", "v.1"] { try Directory.create("\(scratch.path)/t/\(folder)") }
    for (name, _) in tamed { try scratch.write(picture(0), to: "t/\(name)") }
    try scratch.write("filepath,title\n" + tamed.map { "\($0.0),x\n" }.joined(), to: "t/t.csv")
    let index = try scratch.pack(["t/t.csv"])
    #expect(index.samples == tamed.count)
    let keys = try samples().map(\.key)
    for (key, (_, expected)) in zip(keys, tamed) {
      // Bytes are compared: two strings may be equal and differ in them.
      #expect(
        key.utf8.starts(with: expected.utf8) && (expected.hasSuffix("-") || key.utf8.count == expected.utf8.count))
    }
    #expect(keys.allSatisfy { $0.utf8.count <= 85 })
  }

  @Test func nothingToPackSaysWhatWasFound() throws {
    try Directory.create("\(scratch.path)/none")
    let empty = #expect(throws: PackError.self) { try scratch.pack(["none"]) }
    #expect(empty?.description.contains("none: found 0 pictures, 0 captions; expected") == true)
    try scratch.write(picture(0), to: "none/a.jpg")
    try scratch.write("b", to: "none/b.txt")
    let half = #expect(throws: PackError.self) { try scratch.pack(["none"]) }
    #expect(half?.description.contains("found 1 pictures, 1 captions (left out: no_image 1, no_text 1)") == true)
    #expect(!Directory.exists(scratch.dataset))
  }

  @Test func refusesOtherThings() throws {
    try scratch.write("x", to: "a.zip")
    #expect(throws: FileError.self) { try PackInput("\(scratch.path)/a.zip") }
    #expect(throws: FileError.self) { try PackInput("\(scratch.path)/absent") }
    #expect(throws: PackError.self) { try Packer(level: 40, threads: 1, prepare: prepare) }
    #expect(throws: PackError.self) { try Packer(samplesPerShard: 0, threads: 1, prepare: prepare) }
    try scratch.writePhotos(2)
    try scratch.write("mine", to: "dataset/notes.txt")
    let error = #expect(throws: FileError.self) { try scratch.pack(["photos"]) }
    #expect(error?.description.contains("holds notes.txt") == true)
    #expect(try Directory.names(in: scratch.dataset) == ["notes.txt"])
  }

  @Test func anErrorThatIsNotTheSamplesFaultEndsThePacking() throws {
    try scratch.writePhotos(40)
    try scratch.write(Array("D".utf8), to: "photos/2/z.jpg")
    try scratch.write("x", to: "photos/2/z.txt")
    let error = #expect(throws: FileError.self) { try scratch.pack(["photos"]) }
    #expect(error?.path == "decoder")
    #expect(!Directory.exists(scratch.dataset))
  }
}
