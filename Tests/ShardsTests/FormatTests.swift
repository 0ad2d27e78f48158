import Files
import Foundation
import Shards
import Testing

/// The bytes of shards: what others write and we read, and what we write.
@Suite struct FormatTests {
  let scratch: Scratch
  static let hasZstd = FileManager.default.isExecutableFile(atPath: "/usr/bin/zstd")

  init() throws { scratch = try Scratch() }

  @Test func readsADatasetMadeWithPythonsLibraries() throws {
    let dataset = try ShardDataset(fixture("dataset"))
    #expect(dataset.count == 27)
    #expect(ShardDataset.verify(fixture("dataset")).isEmpty)
    for (number, sample) in try dataset.all().enumerated() {
      #expect(sample.key == "a/" + String(10_000 + number).dropFirst())
      #expect(sample.caption == "caption \(number) — größe 猫")
      #expect(sample.format == [.jpg, .png, .webp][number % 3])
      #expect(sample.picture.count == 304 + 17 * number)
      #expect(sample.json.map { String(decoding: $0, as: UTF8.self) } == (number % 2 == 1 ? "{\"n\": \(number)}" : nil))
    }
    #expect(try dataset.sample(shard: 1, index: 15) == dataset.sample(at: 26))
  }

  /// The tar of these samples, which Python's tarfile (USTAR) makes byte for byte too, by its digest; and the table.
  @Test(.enabled(if: hasZstd, "zstd is not installed")) func writesTheSameBytesAsEver() throws {
    try scratch.writePhotos(19)
    let index = try scratch.pack(["photos"])
    let entry = try #require(index.shards.first)
    #expect(entry.samples == 19 && entry.frames == 3)

    let tail = Array(try scratch.read(scratch.shard(0)).suffix(8 + 3 * 12 + 9))
    #expect(tail.prefix(8) == [0x5E, 0x2A, 0x4D, 0x18, 45, 0, 0, 0])
    #expect(tail.suffix(9) == [3, 0, 0, 0, 0x80, 0xB1, 0xEA, 0x92, 0x8F])
    #expect(entry.tailDigest == Digest(of: tail))

    let tar = try run("/usr/bin/zstd", "-dc", scratch.shard(0))
    #expect(tar.count == entry.rawBytes)
    #expect(Digest(of: tar).description == "xxh64:cbd2287a8ab81982")
    #expect(tar.suffix(1024).allSatisfy { $0 == 0 })
  }

  @Test(.enabled(if: hasZstd, "zstd is not installed")) func tarAndZstdReadAShard() throws {
    try scratch.writePhotos(19)
    try scratch.pack(["photos"])
    _ = try run("/usr/bin/zstd", "-tq", scratch.shard(0))
    let names = String(decoding: try run("/usr/bin/tar", "--zstd", "-tf", scratch.shard(0)), as: UTF8.self)
    let expected = try ShardDataset(scratch.dataset).all().flatMap { ["\($0.key).jpg", "\($0.key).txt"] }
    #expect(names.split(separator: "\n").map(String.init) == expected)
    #expect(expected.first == "0/p0.jpg")
    let sizes = try scratch.read("\(scratch.dataset)/sizes.json")
    #expect(try JSONDecoder().decode([String: Int].self, from: Data(sizes)) == ["shard-000000.tar.zst": 19])
  }

  @Test func bytesDoNotDependOnThreads() throws {
    try scratch.writePhotos(100)
    var digests: Set<Digest> = []
    for threads in [1, 2, 5] {
      digests.insert(try scratch.pack(["photos"], samplesPerShard: 30, threads: threads).digest)
      try Directory.remove(scratch.dataset)
    }
    #expect(digests.count == 1)
  }

  @Test func shardsEndAtTheirLimits() throws {
    try scratch.writePhotos(50)
    #expect(try scratch.pack(["photos"], samplesPerShard: 20).shards.map(\.samples) == [20, 20, 10])
    #expect(try ShardDataset(scratch.dataset).all().count == 50)
    try Directory.remove(scratch.dataset)
    // About 2.5 to 3 KB a sample in the tar, so two frames reach 40 KB.
    #expect(try scratch.pack(["photos"], bytesPerShard: 40_000).shards.map(\.samples) == [16, 16, 16, 2])
    #expect(ShardDataset.verify(scratch.dataset).isEmpty)
  }

  @Test func collectionsReadOneDatasetBehindTheOther() throws {
    try scratch.writePhotos(12)
    try scratch.pack(["photos"], samplesPerShard: 5)
    let collection = try ShardCollection([fixture("dataset"), scratch.dataset])
    #expect(collection.count == 39)
    #expect(collection.shardSizes == [11, 16, 5, 5, 2])
    #expect(try collection.sample(at: 26).key == "a/0026")
    #expect(try collection.sample(at: 27).key == "0/p0")
    #expect(collection.digest != collection.datasets[0].digest)
    #expect(try ShardCollection([scratch.dataset]).digest == collection.datasets[1].digest)
  }

  @Test func inspectionCounts() throws {
    try scratch.writePhotos(12)
    try scratch.write("lonely", to: "photos/lonely.txt")
    let index = try scratch.pack(["photos"])
    let inspection = try Inspection(of: try ShardDataset(scratch.dataset), captions: 3)
    #expect(inspection.samples == 12 && inspection.shards == 1 && inspection.bytes == index.shards[0].bytes)
    #expect(inspection.pictures == ["jpg": 12] && inspection.dropped == ["no_image": 1])
    #expect(inspection.captions.map(\.key) == ["0/p0", "1/p1", "2/p11"])
  }

  /// The output of a program that must succeed.
  private func run(_ program: String, _ arguments: String...) throws -> [UInt8] {
    let process = Process()
    let pipe = Pipe()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.standardOutput = pipe
    try process.run()
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    return Array(output)
  }
}
