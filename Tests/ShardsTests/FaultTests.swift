import Files
import Foundation
import Shards
import Testing

/// Damage to a dataset is found, and named.
@Suite struct FaultTests {
  let scratch: Scratch

  init() throws { scratch = try Scratch() }

  /// Changes bytes of a file in place.
  private func poke(_ path: String, _ change: (inout [UInt8]) -> Void) throws {
    var bytes = try scratch.read(path)
    change(&bytes)
    try Data(bytes).write(to: URL(fileURLWithPath: path))
  }

  private func isFound(_ name: String, byVerifyOnly: Bool = false) -> Bool {
    let problems = ShardDataset.verify(scratch.dataset)
    guard !problems.isEmpty, problems.contains(where: { $0.path.hasSuffix(name) }) else { return false }
    if byVerifyOnly { return true }
    do {
      _ = try ShardDataset(scratch.dataset).all()
      return false
    } catch {
      return "\(error)".contains(name)
    }
  }

  /// A-3. A few bits (1 in 2,000) change nothing that decompression looks at, only the file's digest: reading may go well
  /// then, but it must read what was packed.
  @Test(arguments: ["shard-000000.tar.zst", "index.json", "sizes.json"])
  func everyFlippedBitIsFound(_ name: String) throws {
    try scratch.writePhotos(9, bytes: 250)
    try scratch.write(picture(1), to: "photos/0/without-caption.jpg")
    try scratch.pack(["photos"])
    let packed = try ShardDataset(scratch.dataset).all()
    let path = "\(scratch.dataset)/\(name)"
    let bytes = try scratch.read(path)
    let file = try #require(FileHandle(forUpdatingAtPath: path))
    func put(_ byte: UInt8, at offset: Int) throws {
      try file.seek(toOffset: UInt64(offset))
      file.write(Data([byte]))
    }
    var missed: [Int] = []
    var wrong: [Int] = []
    for offset in bytes.indices {
      for pattern in (0..<8).map({ 1 << $0 }) + [0xFF] as [UInt8] {
        try put(bytes[offset] ^ pattern, at: offset)
        let problems = ShardDataset.verify(scratch.dataset)
        if !problems.allSatisfy({ $0.path == path }) || problems.isEmpty { missed.append(offset) }
        if pattern == 1 << UInt8(offset % 8), let read = try? ShardDataset(scratch.dataset).all(), read != packed {
          wrong.append(offset)
        }
      }
      try put(bytes[offset], at: offset)
    }
    #expect(missed == [] && wrong == [])
    #expect(ShardDataset.verify(scratch.dataset).isEmpty)
  }

  @Test func damagedFramesAreNamed() throws {
    try scratch.writePhotos(30)
    try scratch.pack(["photos"])
    let count = try scratch.read(scratch.shard(0)).count
    try poke(scratch.shard(0)) { $0[count * 5 / 8] ^= 4 }
    let problems = ShardDataset.verify(scratch.dataset)
    #expect(problems.count == 1)
    #expect(problems.first?.description.contains("shard-000000.tar.zst: frame 2 of 4 (samples 16 to 23)") == true)
    let dataset = try ShardDataset(scratch.dataset)
    #expect(throws: FileError.self) { try dataset.sample(at: 16) }
    #expect(try dataset.sample(at: 15).caption.hasPrefix("caption") && dataset.sample(at: 24).key == "2/p20")
  }

  /// A-4.
  @Test(arguments: ["shard-000000.tar.zst", "index.json", "sizes.json"])
  func everyTruncationIsFound(_ name: String) throws {
    try scratch.writePhotos(16, bytes: 500)
    try scratch.pack(["photos"])
    let path = "\(scratch.dataset)/\(name)"
    let handle = try #require(FileHandle(forUpdatingAtPath: path))
    for length in try scratch.read(path).indices.reversed() {
      try handle.truncate(atOffset: UInt64(length))
      // Nothing that reads samples needs the counts.
      guard isFound(name, byVerifyOnly: name == "sizes.json") else {
        Issue.record("not found: \(length) bytes of \(name)")
        return
      }
    }
  }

  /// A-4.
  @Test func bytesTooManyOrLostInTheMiddleAreFound() throws {
    try scratch.writePhotos(16, bytes: 500)
    try scratch.pack(["photos"])
    let path = scratch.shard(0)
    let whole = try scratch.read(path)
    try poke(path) { $0 = whole + [0] }
    #expect(isFound("shard-000000.tar.zst"))
    try poke(path) { $0 = whole + whole }
    #expect(isFound("shard-000000.tar.zst"))
    try poke(path) { $0 = whole }
    try poke(path) { $0.replaceSubrange(4096..<8192, with: repeatElement(0, count: 4096)) }
    #expect(isFound("shard-000000.tar.zst"))
    try poke(path) { $0 = whole }
    #expect(ShardDataset.verify(scratch.dataset).isEmpty)
  }

  @Test func swappedShardsAreFound() throws {
    for number in 0..<20 {
      try scratch.write(picture(number), to: "in/p\(1000 + number).jpg")
      try scratch.write("caption", to: "in/p\(1000 + number).txt")
    }
    try scratch.pack(["in"], samplesPerShard: 10)
    let (first, second) = (try scratch.read(scratch.shard(0)), try scratch.read(scratch.shard(1)))
    try poke(scratch.shard(0)) { $0 = second }
    try poke(scratch.shard(1)) { $0 = first }
    #expect(isFound("shard-000000.tar.zst") && isFound("shard-000001.tar.zst", byVerifyOnly: true))
  }

  /// A fast look reads no frame, and still sees what whole files that were exchanged or cut look like.
  @Test func fastVerification() throws {
    try scratch.writePhotos(30)
    try scratch.pack(["photos"], samplesPerShard: 10)
    #expect(ShardDataset.verify(scratch.dataset, isFast: true, threads: 2).isEmpty)
    try poke(scratch.shard(1)) { $0[100] ^= 1 }
    #expect(ShardDataset.verify(scratch.dataset, isFast: true).isEmpty)
    #expect(ShardDataset.verify(scratch.dataset, threads: 2).map(\.path) == [scratch.shard(1)])
    try poke(scratch.shard(1)) { $0.removeLast() }
    try poke(scratch.shard(2)) { $0[$0.count - 20] ^= 1 }
    #expect(ShardDataset.verify(scratch.dataset, isFast: true).map(\.path) == [scratch.shard(1), scratch.shard(2)])
  }

  /// A-5.
  @Test func indexAndFilesMustAgree() throws {
    try scratch.writePhotos(30)
    try scratch.pack(["photos"], samplesPerShard: 10)
    let path = "\(scratch.dataset)/index.json"
    let index = String(decoding: try scratch.read(path), as: UTF8.self)
    let edits = [
      ("\"samples\" : 10", "\"samples\" : 9"), ("\"samples\" : 30", "\"samples\" : 31"),
      ("\"frames\" : 2", "\"frames\" : 3"), ("shard-000001", "shard-000003"), ("\"version\" : 1", "\"version\" : 2"),
      ("\"samples_per_frame\" : 8", "\"samples_per_frame\" : 4"), ("swift-clip-shards", "other"),
      ("\"samples\" : 30", "\"samples\" : 3e400"), ("\"samples\" : 10", "\"samples\" : -10"),
      ("\"digest\"", "\"dijest\""),
      ("\"bytes\" : ", "\"bytes\" : 1"), ("\"raw_bytes\" : ", "\"raw_bytes\" : 1"), ("xxh64:", "xxh64:0"), ("{", ""),
    ]
    for (old, new) in edits {
      #expect(index.contains(old))
      let range = try #require(index.range(of: old))
      try poke(path) { $0 = Array(index.replacingCharacters(in: range, with: new).utf8) }
      #expect(isFound("index.json"), "\(old) → \(new)")
    }
    try poke(path) { $0 = Array(index.utf8) }
    #expect(ShardDataset.verify(scratch.dataset).isEmpty)

    let (first, other) = (scratch.shard(1), scratch.shard(5))
    try Directory.rename(first, to: other)
    #expect(isFound("shard-000001.tar.zst") && isFound("shard-000005.tar.zst", byVerifyOnly: true))
    try Directory.rename(other, to: first)
    try Data([1]).write(to: URL(fileURLWithPath: other))
    #expect(isFound("shard-000005.tar.zst"))
    try Directory.remove(other)
    try Directory.remove(path)
    #expect(isFound("/dataset"))
    let error = #expect(throws: FileError.self) { try ShardDataset(scratch.path + "/photos") }
    #expect(error?.description.contains("no index.json") == true)
  }

  /// A-2. Files whose index is in order, so that only the checks of the seek table itself are in the way.
  @Test func seekTablesAreChecked() throws {
    try scratch.writePhotos(20)
    try scratch.pack(["photos"])
    let whole = try scratch.read(scratch.shard(0))
    let (table, count) = (whole.count - 8 - 36 - 9, whole.count)
    func refuses(_ reason: String, tail: Int = 53, _ change: (inout [UInt8]) -> Void) throws {
      var bytes = whole
      change(&bytes)
      try poke(scratch.shard(0)) { $0 = bytes }
      try reindex(bytes, tail: tail)
      let error = #expect(throws: FileError.self) { try ShardDataset(scratch.dataset).sample(at: 0) }
      #expect(error?.description.contains(reason) == true, "\(reason): \(error?.description ?? "")")
    }
    try refuses("reserved bits") { $0[count - 5] |= 0b0000_0100 }
    try refuses("no checksums") { $0[count - 5] = 0 }
    try refuses("not found at the end") { $0[count - 1] ^= 1 }
    try refuses("claims 4294967295 frames") { $0.replaceSubrange(count - 9..<count - 5, with: [255, 255, 255, 255]) }
    try refuses("does not start where 2 frames put it") { $0[count - 9] = 2 }
    try refuses("claims 46 bytes, expected 45") { $0[table + 4] += 1 }
    try refuses("does not start where") { $0[table] ^= 1 }
    try refuses("its frames have") { $0[table + 8] ^= 1 }
    try refuses("not a whole number of tar blocks") { $0[table + 12] ^= 1 }
    try refuses("index.json says 3 of") { $0[table + 13] ^= 2 }
    try refuses("the seek table says") { $0[table + 16] ^= 1 }
    try refuses("it was cut short") { $0.removeLast(53) }
    try refuses("it was cut short") { $0 = [1, 2, 3] }
    try refuses("frame 0 of 3 (samples 0 to 7): does not start with a zstd frame") { $0[0] ^= 1 }
    try poke(scratch.shard(0)) { $0 = whole }
    try reindex(whole, tail: 53)
    #expect(ShardDataset.verify(scratch.dataset).isEmpty)
  }

  /// Makes `index.json` say of the only shard what `bytes` are.
  private func reindex(_ bytes: [UInt8], tail: Int) throws {
    let path = "\(scratch.dataset)/index.json"
    var index = try #require(
      try JSONSerialization.jsonObject(with: Data(try scratch.read(path))) as? [String: Any])
    var shard = try #require((index["shards"] as? [[String: Any]])?.first)
    shard["bytes"] = bytes.count
    shard["digest"] = Digest(of: bytes).description
    shard["tail_digest"] = Digest(of: Array(bytes.suffix(tail))).description
    let fields = ["name", "bytes", "raw_bytes", "samples", "frames", "digest", "tail_digest"].map {
      "\(shard[$0] ?? "")"
    }
    index["digest"] = Digest(of: Array((fields.joined(separator: " ") + "\n").utf8)).description
    index["shards"] = [shard]
    // As other programs write it.
    index["checksum"] = nil
    try JSONSerialization.data(withJSONObject: index).write(to: URL(fileURLWithPath: path))
  }
}
