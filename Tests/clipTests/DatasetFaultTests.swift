import Files
import Foundation
import Images
import Shards
import Testing

/// Damage to a dataset, as every verb that reads one sees it.
@Suite struct DatasetFaultTests {
  let scratch: Scratch
  /// Samples 100 to 143.
  let shard = "shards/shard-000002.tar.zst"

  init() throws { scratch = try Trained.copyOfDataset() }

  @Test func aMissingShardIsNamed() throws {
    try scratch.remove(shard)
    try scratch.fail(["inspect", "shards"], with: 74, "\(shard): is missing")
    try scratch.fail(Trained.command(), with: 74, "\(shard): is missing")
    let verified = try scratch.clip("verify", "shards")
    #expect(verified.status == 74 && verified.output.hasPrefix("\(shard): is missing"))
    #expect(!scratch.exists("run"))
  }

  @Test func aShardCutShortIsNamed() throws {
    let size = try scratch.read(shard).count
    try scratch.change(shard) { $0.removeLast(100) }
    let text = "\(shard): has \(size - 100) bytes, index.json says \(size)"
    try scratch.fail(["inspect", "shards"], with: 74, text)
    try scratch.fail(Trained.command(), with: 74, text)
    #expect(try scratch.clip("verify", "shards", "--fast").output.hasPrefix(text))
  }

  @Test func aFlippedByteIsNamed() throws {
    try scratch.change(shard) { $0[$0.count / 2] ^= 0x10 }
    let verified = try scratch.clip("verify", "shards")
    #expect(verified.status == 74 && verified.output.hasPrefix("\(shard): frame 2 of 6 (samples 16 to 23): "))
    let report = try scratch.clip("verify", "shards", "--json")
    #expect(report.status == 74 && report.output.contains(#""problems" : ["#))
    try scratch.fail(
      ["vocabulary", "learn", "shards", "--size", "550", "--into", "v.txt"], with: 74, "\(shard): frame 2 of 6")
    #expect(!scratch.exists("v.txt"))
  }

  @Test func anIndexOfAnotherDatasetIsNamed() throws {
    try scratch.writeShapes(60, to: "other")
    try scratch.succeed(["pack", "other", "--into", "other-shards", "--samples-per-shard", "20"])
    try scratch.remove("shards/index.json")
    try scratch.fail(["inspect", "shards"], with: 74, "shards: holds no index.json")
    try scratch.copy(scratch("other-shards/index.json"), to: "shards/index.json")
    try scratch.fail(["inspect", "shards"], with: 74, "shards/shard-000000.tar.zst: has ", "index.json says ")
    try scratch.write("{}", to: "shards/index.json")
    try scratch.fail(["inspect", "shards"], with: 74, "shards/index.json: cannot be understood", "format")
  }

  @Test func whatIsNoDatasetIsSaidSo() throws {
    try Directory.create(scratch("folder"))
    let learn = ["vocabulary", "learn", "folder", "--size", "600", "--into", "v"]
    for verb in [["inspect", "folder"], Trained.command(data: "folder"), learn] {
      try scratch.fail(verb, with: 74, "folder: holds no index.json")
    }
    try scratch.fail(["verify", "folder"], with: 74, "folder: holds neither a dataset")
    try scratch.fail(["inspect", "nowhere"], with: 74, "nowhere")
    #expect(!scratch.exists("run"))
  }
}

extension RankTests {
  @Suite struct DamagedDataTests {
    /// The damage is met in the middle of training, by one rank.
    @Test func aWrongChecksumStopsAllRanks() throws {
      let scratch = try Trained.copyOfDataset()
      try scratch.change("shards/shard-000001.tar.zst") { $0[$0.count / 2] ^= 0x10 }
      try scratch.fail(
        Trained.command(), ranks: 2, with: 74, "rank ", "shards/shard-000001.tar.zst: frame 3 of 7 (samples 24 to 31)")
    }

    /// Shards of another packer may hold pictures that nobody looked at.
    @Test func undecodablePicturesAreReplacedAndCounted() throws {
      let scratch = try Trained.copyOfDataset()
      try scratch.remove("shards")
      for number in 0..<64 {
        let jpeg = try Shapes.picture(number).encodedAsJPEG()
        // Three of 64 are cut short; one is empty of any format.
        let bytes = number % 20 == 7 ? Array(jpeg[..<(jpeg.count / 2)]) : number == 40 ? Array("JFIF".utf8) : jpeg
        try scratch.write(bytes, to: "in/\(number + 100).jpg")
        // And one caption is much longer than the model reads.
        let caption = number == 3 ? String(repeating: "wordy ", count: 1700) : Shapes.caption(number)
        try scratch.write(caption, to: "in/\(number + 100).txt")
      }
      let packer = try Packer(threads: 1) { PreparedPicture(bytes: $0, format: .jpg) }
      _ = try packer.pack([try PackInput(scratch("in"))], into: scratch("shards"))
      let result = try scratch.succeed(Trained.command(steps: 3), ranks: 2)
      let journal = try JournalLine.all(of: "run", in: scratch)
      // Each step passes through all 64 once.
      #expect(journal.map(\.skippedPictures) == [4, 8, 12])
      #expect(result.errors.contains("warning: 12 pictures could not be decoded"))
      // Evaluation leaves them out and says so.
      for ranks in [nil, 2] {
        let found = try scratch.succeed(
          ["evaluate", "retrieval", "--weights", "run", "--data", "shards", "--json"], ranks: ranks)
        #expect(found.errors.contains("warning: 4 pictures that cannot be decoded are left out: sample 107: "))
        #expect(found.output.contains("\"samples\" : 60") && found.output.contains("\"undecodable\" : 4"))
      }
    }
  }
}
