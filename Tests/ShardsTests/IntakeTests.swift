import Files
import Foundation
import Shards
import Testing

/// What other programs leave, and what is chosen of it.
@Suite struct IntakeTests {
  let scratch: Scratch

  init() throws { scratch = try Scratch() }

  private func samples() throws -> [Sample] { try ShardDataset(scratch.dataset).all() }

  private func packed(
    _ path: String, _ options: PackInput.Options = PackInput.Options(), field: String? = nil
  ) throws -> Packing {
    let packer = try Packer(threads: 2, captionField: field, prepare: prepare)
    return try packer.pack(try PackInput.inputs(at: path, options), into: scratch.dataset)
  }

  @Test func gzippedTars() throws {
    #expect(try packed(fixture("wds.tar.gz")).index.samples == 5)
    let unzipped = try samples()
    try Directory.remove(scratch.dataset)
    _ = try packed(fixture("wds.tar"))
    #expect(try samples() == unzipped)
  }

  @Test func gzippedTarsCutShortAreRefused() throws {
    let whole = try scratch.read(fixture("wds.tar.gz"))
    for length in [0, 1, 20, whole.count / 2, whole.count - 1] {
      try scratch.write(Array(whole[..<length]), to: "x.tgz")
      let error = #expect(throws: FileError.self) { try packed("\(scratch.path)/x.tgz") }
      #expect(error?.description.contains("cut short") == true, "\(length) bytes")
    }
    var flipped = whole
    flipped[whole.count / 2] ^= 4
    try scratch.write(flipped, to: "x.tgz")
    #expect(throws: FileError.self) { try packed("\(scratch.path)/x.tgz") }
  }

  @Test func gzippedTarsMayBePaddedWithZeros() throws {
    let whole = try scratch.read(fixture("wds.tar.gz"))
    for zeros in [1, 511, 1 << 20] {
      try scratch.write(whole + [UInt8](repeating: 0, count: zeros), to: "x.tgz")
      #expect(try packed("\(scratch.path)/x.tgz").index.samples == 5, "\(zeros) zeros")
      try Directory.remove(scratch.dataset)
    }
    for more in [whole, [1]] {
      try scratch.write(whole + [0, 0] + more, to: "x.tgz")
      let error = #expect(throws: FileError.self) { try packed("\(scratch.path)/x.tgz") }
      #expect(error?.description.contains("continues after the zeros behind a gzip member") == true)
    }
  }

  @Test func damagedTarsSayWhatToDo() throws {
    let tar = try scratch.read(fixture("wds.tar"))
    var flipped = tar
    flipped[150] ^= 4
    try scratch.write(flipped, to: "x.tar")
    try scratch.write(tar, to: "x.tar.zst")
    for (name, reason) in [("x.tar", "is not an intact tar: "), ("x.tar.zst", "is not intact zstd: ")] {
      let error = #expect(throws: FileError.self) { try packed("\(scratch.path)/\(name)") }
      #expect(error?.description.contains(reason) == true)
      #expect(error?.description.hasSuffix("; fetch or make it again") == true, "\(error?.description ?? "")")
    }
  }

  /// Two names that are no UTF-8 stay two, and their captions with them.
  @Test func membersWhoseNamesAreNotUTF8() throws {
    var tar: [UInt8] = []
    for (byte, number) in [(UInt8(0xE8), 1), (0xE9, 2)] {
      for (member, data) in [("jpg", picture(number)), ("txt", Array("caption \(number)".utf8))] {
        tar += header(Array("p".utf8) + [byte] + Array(".\(member)".utf8), data.count) + data
        tar += [UInt8](repeating: 0, count: (512 - data.count % 512) % 512)
      }
    }
    try scratch.write(tar + [UInt8](repeating: 0, count: 1024), to: "x.tar")
    #expect(try packed("\(scratch.path)/x.tar").index.dropped.isEmpty)
    #expect(try samples().map(\.caption) == ["caption 1", "caption 2"])
    #expect(try samples().map(\.picture) == [picture(1), picture(2)])
  }

  /// A USTAR header as any program may write it.
  private func header(_ name: [UInt8], _ count: Int) -> [UInt8] {
    var block = [UInt8](repeating: 0, count: 512)
    func put(_ bytes: [UInt8], at offset: Int) { block.replaceSubrange(offset..<offset + bytes.count, with: bytes) }
    put(name, at: 0)
    put(Array(String(format: "%011o", count).utf8), at: 124)
    put(Array("        0".utf8), at: 148)
    put(Array("ustar\u{0}00".utf8), at: 257)
    put(Array(String(format: "%06o", block.reduce(0) { $0 + Int($1) }).utf8) + [0], at: 148)
    return block
  }

  /// Shards of MosaicML are never taken for a folder of pictures that has none.
  @Test func directoriesOfStreamingWithoutASoundIndexAreRefused() throws {
    for name in try Directory.names(in: fixture("mds")) where name != "index.json" {
      try scratch.write(scratch.read(fixture("mds/\(name)")), to: "mds/\(name)")
    }
    let missing = #expect(throws: FileError.self) { try packed("\(scratch.path)/mds") }
    #expect(missing?.description.contains("mds/index.json: is missing") == true, "\(missing?.description ?? "")")
    let index = try scratch.read(fixture("mds/index.json"))
    let text = String(decoding: index, as: UTF8.self)
    try scratch.write(text.replacing("shard.00002.mds", with: "shard.00007.mds"), to: "mds/index.json")
    let unnamed = #expect(throws: FileError.self) { try packed("\(scratch.path)/mds") }
    #expect(unnamed?.description.contains("mds/index.json: does not name shard.00002.mds") == true)
    try scratch.write(text.replacing("shard.00002.mds", with: "../shard.00002.mds"), to: "mds/index.json")
    let outside = #expect(throws: FileError.self) { try packed("\(scratch.path)/mds") }
    #expect(outside?.description.contains("expected one below its own directory") == true)
    // As several processes leave them.
    try scratch.write(text.replacing("\"shard.", with: "\"mds/shard."), to: "index.json")
    #expect(try packed(scratch.path, .init(captionColumn: "text")).index.samples == 7)
    try Directory.remove(scratch.dataset)
    for garbage in ["", "{", "[]", #"{"shards": 3}"#] {
      try scratch.write(garbage, to: "mds/index.json")
      let error = #expect(throws: FileError.self) { try packed("\(scratch.path)/mds") }
      #expect(error?.description.contains("mds/index.json: cannot be understood: ") == true)
      #expect(error?.description.hasSuffix("fetch or make it again") == true, "\(error?.description ?? "")")
    }
  }

  /// The members of `mds` have two columns of text; those of `mds-zstd` one.
  @Test func shardsOfStreaming() throws {
    let error = #expect(throws: FileError.self) { try packed(fixture("mds")) }
    #expect(
      error?.description.contains("2 columns that may hold captions, among \"id\" (int), \"image\" (bytes)") == true)
    #expect(error?.description.contains("--caption-column") == true)
    let wrong = #expect(throws: FileError.self) { try packed(fixture("mds"), .init(captionColumn: "id")) }
    #expect(wrong?.description.contains("column \"id\" is int, expected str") == true)
    let missing = #expect(throws: FileError.self) { try packed(fixture("mds"), .init(imageColumn: "picture")) }
    #expect(missing?.description.contains("no column \"picture\", only") == true)

    for (name, options) in [("mds", PackInput.Options(captionColumn: "text")), ("mds-zstd", .init())] {
      #expect(try packed(fixture(name), options).index.samples == 7)
      let samples = try samples()
      #expect(samples.map(\.caption) == (0..<7).map { "caption \($0), größe 猫" })
      #expect(samples.map(\.key).first == "00000-0000000" && samples.map(\.key).last == "00002-0000000")
      #expect(samples.map(\.picture.count) == (0..<7).map { 304 + 17 * $0 })
      try Directory.remove(scratch.dataset)
    }
  }

  @Test func damagedShardsOfStreamingAreNamed() throws {
    let names = try Directory.names(in: fixture("mds"))
    let original = try scratch.read(fixture("mds/shard.00001.mds"))
    func refuses(_ bytes: [UInt8], _ reason: String) throws {
      for name in names { try scratch.write(scratch.read(fixture("mds/\(name)")), to: "mds/\(name)") }
      try scratch.write(bytes, to: "mds/shard.00001.mds")
      let error = #expect(throws: FileError.self) {
        try packed("\(scratch.path)/mds", .init(captionColumn: "text"))
      }
      #expect(error?.description.contains("shard.00001.mds: ") == true)
      #expect(error?.description.contains(reason) == true, "\(error?.description ?? "")")
    }
    try refuses(Array(original.dropLast()), "index.json says 1497")
    for (offset, reason) in [(0, "holds "), (4, "not an intact"), (9, "not an intact"), (original.count - 1, "digest")]
    {
      var bytes = original
      bytes[offset] ^= 0x40
      try refuses(bytes, reason)
    }
  }

  @Test func foldersOfTarsAreReadInOrder() throws {
    for name in ["00000.tar", "00002.tar"] { try scratch.write(scratch.read(fixture("wds.tar")), to: "in/\(name)") }
    try scratch.write(scratch.read(fixture("wds.tar.gz")), to: "in/00001.tar.gz")
    let inputs = try PackInput.inputs(at: "\(scratch.path)/in")
    #expect(inputs.map(\.path) == ["00000.tar", "00001.tar.gz", "00002.tar"].map { "\(scratch.path)/in/\($0)" })
    // Keys that come again in another tar are other samples, as in LAION's.
    #expect(try packed("\(scratch.path)/in").index.samples == 15)
    #expect(Set(try samples().map(\.key)).count == 15)

    try scratch.write("{}", to: "in/00000_stats.json")
    try scratch.write("{}", to: "in/00001_stats.json")
    let open = #expect(throws: FileError.self) { try PackInput.inputs(at: "\(scratch.path)/in") }
    #expect(open?.description.contains("00002.tar: has no _stats.json") == true)
    try scratch.write(picture(0), to: "in/a.jpg")
    let mixed = #expect(throws: FileError.self) { try PackInput.inputs(at: "\(scratch.path)/in") }
    #expect(mixed?.description.contains("holds tars and pictures (00000.tar, a.jpg)") == true)
  }

  @Test func captionsOfAnyField() throws {
    let texts = [
      ("a", #"{"alt": "one", "caption": "other", "captions": ["x", "y"], "n": 1.5}"#),
      ("b", #"{"alt": ["first", " ", "second"], "caption": "other"}"#), ("c", #"{"alt": 7}"#),
      ("d", #"{"alt": "alone"}"#), ("e", "no JSON"),
    ]
    for (name, json) in texts {
      try scratch.write(picture(1), to: "in/\(name).jpg")
      try scratch.write("the text beside it", to: "in/\(name).txt")
      try scratch.write(json, to: "in/\(name).json")
    }
    let packing = try packed("\(scratch.path)/in", field: "alt")
    #expect(packing.index.dropped == ["bad_json": 1, "no_text": 1])
    #expect(try samples().map(\.caption) == ["one", "first", "alone"])
    #expect(try samples().map(\.captions) == [["one"], ["first", "second"], ["alone"]])
    // What says nothing of captions keeps its bytes.
    #expect(try samples()[2].json.map { String(decoding: $0, as: UTF8.self) } == #"{"alt": "alone"}"#)
  }

  /// Python writes what is no number as no JSON has it.
  @Test func whatOthersWriteAsJSON() throws {
    let texts = [
      ("a", #"{"similarity": NaN, "caption": "says NaN \"Infinity\" -Infinity", "x": [-Infinity, Infinity]}"#),
      ("b", #"{"caption": ["one", "two"]}"#), ("c", #"{"caption": "cut"#), ("d", #"{"similarity": NaN}"#),
      ("e", #"{"caption": ["one"], "captions": ["1", "2", "3"]}"#),
    ]
    for (name, json) in texts {
      try scratch.write(picture(1), to: "in/\(name).jpg")
      try scratch.write(json, to: "in/\(name).json")
    }
    let packing = try packed("\(scratch.path)/in")
    #expect(packing.examples == ["bad_json": ["c"], "no_text": ["d"]])
    #expect(try samples().map(\.captions) == [["says NaN \"Infinity\" -Infinity"], ["one", "two"], ["1", "2", "3"]])
  }

  /// Whichever way captions come, what says nothing is none.
  @Test func blankCaptionsAmongSeveralAreNone() throws {
    let texts = [
      ("a", #"{"captions": ["", "text"]}"#), ("b", #"{"captions": ["text", " ", "more"]}"#),
      ("c", #"{"captions": ["", "\u00a0"]}"#), ("d", #"{"caption": ["\t", "alone"]}"#),
    ]
    for (name, json) in texts {
      try scratch.write(picture(1), to: "in/\(name).jpg")
      try scratch.write(json, to: "in/\(name).json")
    }
    let packing = try packed("\(scratch.path)/in")
    #expect(packing.examples == ["no_text": ["c"]])
    #expect(try samples().map(\.caption) == ["text", "text", "alone"])
    #expect(try samples().map(\.captions) == [["text"], ["text", "more"], ["alone"]])
  }

  @Test func foldersAreClasses() throws {
    for name in ["tree_frog/1", "tree_frog/2", "more/cat/3", "4"] {
      try scratch.write(picture(1), to: "in/\(name).jpg")
    }
    try scratch.write("its own", to: "in/tree_frog/2.txt")
    let packing = try packed("\(scratch.path)/in", .init(captionTemplate: "a photo of a {}"))
    #expect(packing.index.dropped == ["no_text": 1] && packing.examples == ["no_text": ["4"]])
    #expect(try samples().map(\.caption) == ["a photo of a cat", "a photo of a tree frog", "its own"])
  }

  /// A picture is a duplicate only of one that was packed.
  @Test func duplicatesArePackedOnce() throws {
    for (name, number) in [("a", 1), ("b", 2), ("c", 1), ("d", 3), ("e", 2)] {
      try scratch.write(picture(number), to: "in/\(name).jpg")
      try scratch.write(name == "a" ? " " : name, to: "in/\(name).txt")
    }
    let packer = try Packer(threads: 2, duplicates: .exact, prepare: prepare)
    let packing = try packer.pack([try PackInput("\(scratch.path)/in")], into: scratch.dataset)
    #expect(try samples().map(\.key) == ["b", "c", "d"])
    #expect(packing.index.dropped == ["duplicate": 1, "empty_text": 1])
  }

  /// Here a picture looks like the number of its first byte behind `PIC`: two of them are near in up to three bits.
  @Test func nearDuplicatesArePackedOnce() throws {
    let looks: [UInt64?] = [0, 0b111, 0b1111, 1 << 63 | 1 << 32 | 1 << 16, ~0, ~0 ^ 1, nil, nil, 0xFFFF << 20]
    for (number, _) in looks.enumerated() {
      try scratch.write(picture(number), to: "in/\(number).jpg")
      try scratch.write("x", to: "in/\(number).txt")
    }
    let known = Dictionary(uniqueKeysWithValues: looks.enumerated().map { (picture($0.offset), $0.element) })
    let packer = try Packer(threads: 2, duplicates: .near) { bytes in
      PreparedPicture(bytes: bytes, format: .jpg, look: known[bytes] ?? nil)
    }
    let packing = try packer.pack([try PackInput("\(scratch.path)/in")], into: scratch.dataset)
    #expect(try samples().map(\.key) == ["0", "2", "4", "6", "7", "8"])
    #expect(packing.index.dropped == ["near_duplicate": 3])
  }

  @Test func whatIsUnpackedPacksAgain() throws {
    try scratch.writePhotos(30)
    try scratch.write("{\"captions\": [\"x\", \"y\"]}", to: "photos/0/p0.json")
    try scratch.pack(["photos"], samplesPerShard: 12)
    let packed = try samples()
    try Unpacker(ShardDataset(scratch.dataset)).unpack(into: "\(scratch.path)/out")
    #expect(try Directory.names(in: "\(scratch.path)/out") == (0..<3).map { "shard-00000\($0)" })
    try Directory.remove(scratch.dataset)
    try scratch.pack(["out"], samplesPerShard: 12)
    let again = try samples()
    #expect(again.map(\.picture) == packed.map(\.picture) && again.map(\.captions) == packed.map(\.captions))
    #expect(again.map(\.json) == packed.map(\.json))
    #expect(zip(again, packed).allSatisfy { $0.key.hasSuffix("/" + $1.key) })
    let there = #expect(throws: FileError.self) {
      try Unpacker(ShardDataset(scratch.dataset)).unpack(into: "\(scratch.path)/out")
    }
    #expect(there?.description.contains("is there already") == true)
  }
}
