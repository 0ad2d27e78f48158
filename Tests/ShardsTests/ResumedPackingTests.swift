import Files
import Foundation
import Shards
import Testing

/// A packing that stops anywhere goes on, and ends with the bytes of one that did not.
@Suite struct ResumedPackingTests {
  let scratch: Scratch

  init() throws { scratch = try Scratch() }

  /// A picture the decoder breaks on, until it is mended.
  private let broken = Array("D".utf8)

  private func inputs() throws -> [PackInput] {
    try ["more.tar.gz", "photos", "table.csv"].map { try PackInput("\(scratch.path)/\($0)") }
  }

  private func packer(samplesPerShard: Int = 4, threads: Int = 2) throws -> Packer {
    try Packer(samplesPerShard: samplesPerShard, threads: threads, duplicates: .exact, prepare: prepare)
  }

  /// Five pictures in a tar; thirty in a folder, some of them twice and some unusable; three in a table.
  private func writeInputs() throws {
    try scratch.writePhotos(30)
    for number in [3, 4, 5] {
      try scratch.write(picture(number, count: 700 + 13 * number), to: "photos/1/again\(number).jpg")
    }
    for number in [3, 4, 5] { try scratch.write("again", to: "photos/1/again\(number).txt") }
    for number in 0..<3 { try scratch.write(Array("BAD".utf8), to: "photos/\(number)/bad.jpg") }
    for number in 0..<3 { try scratch.write("bad", to: "photos/\(number)/bad.txt") }
    try scratch.write(scratch.read(fixture("wds.tar.gz")), to: "more.tar.gz")
    try scratch.write("filepath,title\nphotos/0/p0.jpg,seen\nx.jpg,missing\nnew.jpg,new\n", to: "table.csv")
    try scratch.write(picture(99), to: "new.jpg")
  }

  private func files(in directory: String) throws -> [String: [UInt8]] {
    try Dictionary(
      uniqueKeysWithValues: Directory.names(in: directory).map { ($0, try scratch.read("\(directory)/\($0)")) })
  }

  @Test func aPackingThatFailedAnywhereGoesOn() throws {
    try writeInputs()
    let whole = try packer().pack(try inputs(), into: "\(scratch.path)/whole")
    let expected = try files(in: "\(scratch.path)/whole")
    #expect(whole.index.dropped == ["bad_image": 3, "duplicate": 4, "no_image": 1] && whole.resumedShards == 0)
    #expect(whole.index.samples == 36)

    var resumed = 0
    for stop in try Directory.names(in: "\(scratch.path)/photos/1").filter({ $0.hasSuffix(".jpg") })
      .map({ "photos/1/\($0)" }) + ["new.jpg"]
    {
      let kept = try scratch.read("\(scratch.path)/\(stop)")
      try scratch.write(broken, to: stop)
      let error = #expect(throws: FileError.self) { try packer().pack(try inputs(), into: scratch.dataset) }
      #expect(error?.path == "decoder")
      #expect(!Directory.exists("\(scratch.dataset)/index.json"))
      try scratch.write(kept, to: stop)
      let packing = try packer(threads: 1).pack(try inputs(), into: scratch.dataset)
      #expect(try files(in: scratch.dataset) == expected, "stopped at \(stop)")
      #expect(packing.index == whole.index && packing.examples == whole.examples)
      resumed += packing.resumedShards
      try Directory.remove(scratch.dataset)
    }
    #expect(resumed > 20)
  }

  /// The moments between a shard's end and its line, a torn line, and between `index.json` and the journal's removal.
  @Test func whatAKillLeavesIsNoObstacle() throws {
    try writeInputs()
    let whole = try packer().pack(try inputs(), into: "\(scratch.path)/whole")
    let expected = try files(in: "\(scratch.path)/whole")
    try scratch.write(broken, to: "new.jpg")
    #expect(throws: FileError.self) { try packer().pack(try inputs(), into: "\(scratch.path)/part") }
    try scratch.write(picture(99), to: "new.jpg")
    let part = try files(in: "\(scratch.path)/part")
    let journal = try #require(part["packing.jsonl"])
    let lines = journal.split(separator: UInt8(ascii: "\n"))
    #expect(lines.count == 9)

    func goesOn(_ left: [String: [UInt8]], behind shards: Int, _ what: Comment) throws {
      for (name, bytes) in left { try scratch.write(bytes, to: "dataset/\(name)") }
      let packing = try packer().pack(try inputs(), into: scratch.dataset)
      #expect(try files(in: scratch.dataset) == expected, what)
      #expect(packing.index == whole.index && packing.resumedShards == shards, what)
      try Directory.remove(scratch.dataset)
    }
    func left(lines count: Int, _ more: [UInt8] = []) -> [String: [UInt8]] {
      var left = part
      left["packing.jsonl"] = lines[..<count].flatMap { $0 + [UInt8(ascii: "\n")] } + more
      return left
    }
    for count in 0...lines.count { try goesOn(left(lines: count), behind: max(count - 1, 0), "\(count) lines") }
    for length in stride(from: 1, to: lines[3].count, by: 7) {
      try goesOn(left(lines: 3, Array(lines[3].prefix(length))), behind: 2, "\(length) bytes of a line")
    }
    var full = expected
    full["packing.jsonl"] = journal
    try goesOn(full, behind: 9, "index.json there, the journal too")
    var leftovers = left(lines: 2)
    leftovers["shard-000001.tar.zst.tmp-123"] = [1, 2, 3]
    try goesOn(leftovers, behind: 1, "a file left aside")
  }

  @Test func somethingElseDoesNotGoOn() throws {
    try writeInputs()
    try scratch.write(broken, to: "new.jpg")
    #expect(throws: FileError.self) { try packer().pack(try inputs(), into: scratch.dataset) }
    try scratch.write(picture(99), to: "new.jpg")
    let left = try files(in: scratch.dataset)
    func refuses(_ packer: Packer, _ inputs: [PackInput], _ reason: String) throws {
      let error = #expect(throws: FileError.self) { try packer.pack(inputs, into: scratch.dataset) }
      #expect(error?.description.contains(reason) == true, "\(error?.description ?? "")")
      #expect(try files(in: scratch.dataset) == left)
    }
    try refuses(packer(samplesPerShard: 5), inputs(), "with --samples-per-shard 4, this command says 5")
    try refuses(
      Packer(samplesPerShard: 4, threads: 2, prepare: prepare), inputs(),
      "with --drop-duplicates exact, this command says not given")
    try refuses(packer(), Array(inputs().prefix(1)), "photos, in whose place this command names nothing")
    try refuses(packer(), inputs().reversed(), "more.tar.gz, in whose place this command names")

    let dataset = #expect(throws: FileError.self) { try ShardDataset(scratch.dataset) }
    #expect(dataset?.description.contains("packing it has not finished") == true)

    // The tar was passed already, the table not: that one may grow.
    let tar = try scratch.read("\(scratch.path)/more.tar.gz")
    try scratch.write(tar + [0], to: "more.tar.gz")
    try refuses(packer(), inputs(), "more.tar.gz: has \(tar.count + 1) bytes, it had \(tar.count)")
    try scratch.write(tar, to: "more.tar.gz")
    let shard = try scratch.read(scratch.shard(1))
    try scratch.write(Array(shard.dropLast()), to: "dataset/shard-000001.tar.zst")
    let damaged = #expect(throws: FileError.self) { try packer().pack(try inputs(), into: scratch.dataset) }
    #expect(
      damaged?.description.contains("shard-000001.tar.zst: has \(shard.count - 1) bytes, index.json says") == true)
    #expect(damaged?.description.contains("the same command goes on") == false)
    try scratch.write(shard, to: "dataset/shard-000001.tar.zst")
    _ = try packer().pack(try inputs(), into: scratch.dataset)
    let complete = #expect(throws: FileError.self) { try packer().pack(try inputs(), into: scratch.dataset) }
    #expect(complete?.description.contains("a dataset, which is complete") == true)
  }

  /// Whatever bit of the journal is another, nothing is packed behind it; where its last line lost its end it is shorter.
  @Test func aDamagedJournalIsRefused() throws {
    try writeInputs()
    try scratch.write(broken, to: "new.jpg")
    #expect(throws: FileError.self) { try packer().pack(try inputs(), into: scratch.dataset) }
    try scratch.write(picture(99), to: "new.jpg")
    let left = try files(in: scratch.dataset)
    let journal = try #require(left["packing.jsonl"])
    for byte in stride(from: 0, to: journal.count - 1, by: 23) {
      var damaged = journal
      damaged[byte] ^= 1 << UInt8(byte % 8)
      try scratch.write(damaged, to: "dataset/packing.jsonl")
      #expect(throws: FileError.self, "byte \(byte)") { try packer().pack(try inputs(), into: scratch.dataset) }
    }
    let lines = journal.split(separator: UInt8(ascii: "\n"))
    let without = (lines[..<2] + lines[3...]).flatMap { $0 + [UInt8(ascii: "\n")] }
    try scratch.write(without, to: "dataset/packing.jsonl")
    let error = #expect(throws: FileError.self) { try packer().pack(try inputs(), into: scratch.dataset) }
    #expect(error?.description.contains("remove the unfinished dataset and pack again") == true)
  }

  @Test func anInputThatChangedIsNamed() throws {
    try scratch.writePhotos(30)
    try scratch.write(broken, to: "photos/2/p5.jpg")
    let input = [try PackInput("\(scratch.path)/photos")]
    #expect(throws: FileError.self) { try packer().pack(input, into: scratch.dataset) }
    try scratch.write(picture(5), to: "photos/2/p5.jpg")
    try scratch.write(picture(5), to: "photos/0/new.jpg")
    try scratch.write("new", to: "photos/0/new.txt")
    let error = #expect(throws: FileError.self) { try packer().pack(input, into: scratch.dataset) }
    #expect(error?.description.contains("photos: is not what it was when packing began") == true)
  }

  /// The same names with other captions are other samples.
  @Test func aTarWhoseCaptionsChangedIsNamed() throws {
    let tar = try scratch.read(fixture("wds.tar"))
    try scratch.write(Array(tar.prefix(tar.count / 2)), to: "cut.tar")
    let input = [try PackInput("\(scratch.path)/cut.tar")]
    let packer = try Packer(samplesPerShard: 1, threads: 1, prepare: prepare)
    let cut = #expect(throws: FileError.self) { try packer.pack(input, into: scratch.dataset) }
    #expect(cut?.description.contains("the same command goes on") == true)
    let caption = try #require(tar.firstRange(of: Array("caption 0".utf8)))
    var other = tar
    other[caption.lowerBound] = UInt8(ascii: "C")
    try scratch.write(other, to: "cut.tar")
    let error = #expect(throws: FileError.self) { try packer.pack(input, into: scratch.dataset) }
    #expect(error?.description.contains("cut.tar: is not what it was when packing began") == true)
    // Fetched whole this time, it is.
    try scratch.write(tar, to: "cut.tar")
    #expect(try packer.pack(input, into: scratch.dataset).resumedShards > 0)
  }

  /// What was passed whole is compared as well, by what is read of it where its size and its time do not tell.
  @Test func inputsPassedBeforeThatChangedAreNamed() throws {
    let tar = try scratch.read(fixture("wds.tar"))
    let caption = try #require(tar.firstRange(of: Array("caption 0".utf8))).lowerBound
    try scratch.write(tar, to: "a.tar")
    try scratch.writePhotos(6)
    try scratch.write(Array(tar.prefix(tar.count / 2)), to: "b.tar")
    let packer = try Packer(samplesPerShard: 2, threads: 1, prepare: prepare)
    func pack(_ more: String..., into directory: String) throws -> Packing {
      let inputs = try (["a.tar", "photos", "b.tar"] + more).map { try PackInput("\(scratch.path)/\($0)") }
      return try packer.pack(inputs, into: directory)
    }
    #expect(throws: FileError.self) { try pack(into: scratch.dataset) }
    try scratch.write(tar, to: "b.tar")
    let left = try files(in: scratch.dataset)
    func refuses(_ input: String) throws {
      for _ in 0..<2 {
        let error = #expect(throws: FileError.self) { try pack(into: scratch.dataset) }
        #expect(error?.description.contains("\(input): is not what it was when packing began") == true)
        #expect(try files(in: scratch.dataset) == left)
      }
    }
    var other = tar
    other[caption] = UInt8(ascii: "C")
    try scratch.write(other, to: "a.tar")
    try refuses("a.tar")
    try scratch.write(tar, to: "a.tar")
    // Another kind of picture is another one, whatever its name.
    let names = try Directory.names(in: "\(scratch.path)/photos/0").filter { $0.hasSuffix(".jpg") }
    let name = try #require(names.first)
    let (old, new) = ("\(scratch.path)/photos/0/\(name)", "\(scratch.path)/photos/0/\(name.dropLast(4)).png")
    try Directory.rename(old, to: new)
    try refuses("photos")
    try Directory.rename(new, to: old)
    // Written again, with the same contents: it was read, and goes on.
    #expect(try pack(into: scratch.dataset).resumedShards > 4)
    _ = try pack(into: "\(scratch.path)/whole")
    #expect(try files(in: scratch.dataset) == files(in: "\(scratch.path)/whole"))

    // Complete but for the removal of the journal: of these inputs and no others.
    try scratch.write(try #require(left["packing.jsonl"]), to: "dataset/packing.jsonl")
    let added = #expect(throws: FileError.self) { try pack("a.tar", into: scratch.dataset) }
    #expect(added?.description.contains("complete, of other inputs than this command's") == true)
    #expect(try pack(into: scratch.dataset).index.samples > 10)
  }

  /// What is behind the input that was being packed may change, or go: the result is that of the inputs there are then.
  @Test func laterInputsMayBeMended() throws {
    try writeInputs()
    let tar = try scratch.read(fixture("wds.tar"))
    try scratch.write(Array(tar.prefix(2000)), to: "cut.tar")
    func inputs(_ names: String...) throws -> [PackInput] { try names.map { try PackInput("\(scratch.path)/\($0)") } }
    let first = #expect(throws: FileError.self) {
      try packer().pack(try inputs("photos", "more.tar.gz", "cut.tar", "table.csv"), into: scratch.dataset)
    }
    #expect(first?.description.contains("cut.tar: ends without the zeros") == true)
    #expect(first?.description.contains("the same command goes on") == true)
    // Left out, then another one broken, then that mended.
    try scratch.write(broken, to: "new.jpg")
    #expect(throws: FileError.self) {
      try packer().pack(try inputs("photos", "more.tar.gz", "table.csv"), into: scratch.dataset)
    }
    try scratch.write(picture(99), to: "new.jpg")
    let packing = try packer().pack(try inputs("photos", "more.tar.gz", "table.csv"), into: scratch.dataset)
    #expect(packing.resumedShards > 6)
    _ = try packer().pack(try inputs("photos", "more.tar.gz", "table.csv"), into: "\(scratch.path)/whole")
    #expect(try files(in: scratch.dataset) == files(in: "\(scratch.path)/whole"))
  }

  @Test func twoAtOnceAreToldApart() throws {
    try scratch.writePhotos(30)
    let input = [try PackInput("\(scratch.path)/photos")]
    let dataset = scratch.dataset
    var second: FileError?
    _ = try packer().pack(input, into: dataset) { _ in
      guard second == nil else { return }
      do {
        _ = try self.packer().pack(input, into: dataset)
      } catch {
        second = error as? FileError
      }
    }
    #expect(second?.description.contains("is being packed into by process \(getpid())") == true)
    #expect(ShardDataset.verify(dataset).isEmpty)
    #expect(try !Directory.names(in: dataset).contains { $0.hasPrefix("packing") })
  }
}
